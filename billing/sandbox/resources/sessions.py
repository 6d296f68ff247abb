"""Checkout sessions: what the buyer is offered. `completion.py` says what happens when the buyer pays."""

import secrets
from decimal import Decimal

from billing.sandbox.arithmetic import Item, Line, compute, rounded
from billing.sandbox.coupons import cuts_of, discounts_from, named_rates, rates_of
from billing.sandbox.emit import emit
from billing.sandbox.errors import Json, refused
from billing.sandbox.lists import PAGING, Page, page_of
from billing.sandbox.params import Params
from billing.sandbox.render import render
from billing.sandbox.resources.catalogue import new_price, new_product
from billing.sandbox.resources.plain import keep_metadata, keep_texts, reading
from billing.sandbox.router import Call, Route
from billing.sandbox.store import Store
from billing.sandbox.totals import EXEMPT, amounts_by_discount, taxes_shown

DAY = 24 * 60 * 60
TEXTS = ("cancel_url", "client_reference_id", "customer_email", "locale", "submit_type", "success_url")
FIELDS = (
    *TEXTS,
    *("billing_address_collection", "currency", "custom_fields", "customer", "customer_creation", "discounts"),
    *("invoice_creation", "line_items", "metadata", "mode", "name_collection", "payment_intent_data"),
    *("payment_method_types", "phone_number_collection", "tax_id_collection"),
)
FIELD_KINDS = ("text", "numeric", "dropdown")


def create_session(call: Call) -> Json:
    """Open a session in payment mode."""
    params, store = call.params, call.store
    params.needed("mode")
    params.choice("mode", ("payment",), "")
    entries = params.children("line_items")
    if not entries:
        raise refused("Missing required param: line_items.", code="parameter_missing", param="line_items")
    customer = store.named("customer", params.needed("customer"), "customer") if params.has("customer") else None
    custom_fields = [_custom_field(entry) for entry in params.children("custom_fields")]
    lines = [_offered(store, entry) for entry in entries]
    currency = lines[0]["price"]["currency"]
    if any(line["price"]["currency"] != currency for line in lines):
        raise refused("All line items must have the same currency.", param="line_items")
    cuts = discounts_from(store, params, customer=customer["id"] if customer else None)
    computed = compute(
        [line["item"] for line in lines],
        cuts_of(store, cuts),
        exempt=bool(customer and customer["tax_exempt"] in EXEMPT),
    )
    identifier = f"cs_{'live' if store.livemode else 'test'}_{secrets.token_hex(24)}"
    session = store.create("checkout.session", id=identifier, currency=currency, custom_fields=custom_fields)
    session["_items"] = [_keep_item(store, offered, line) for offered, line in zip(lines, computed, strict=True)]
    session |= _sums(store, computed, cuts)
    _describe(params, session)
    session["customer"] = customer["id"] if customer else None
    session["expires_at"] = session["created"] + DAY
    session["url"] = f"https://checkout.stripe.com/c/pay/{identifier}"
    return session


def _offered(store: Store, entry: Params) -> Json:
    entry.refuse_others(("price", "price_data", "quantity", "tax_rates"))
    rates = named_rates(store, entry)
    if entry.has("price"):
        price = store.named("price", entry.needed("price"), entry.name("price"))
    else:
        data = entry.child("price_data")
        named = data.text("product")
        known = store.named("product", named, data.name("product")) if named else None
        price = new_price(store, data, (known or new_product(store, data.child("product_data")))["id"], active=False)
    quantity = entry.integer("quantity")
    if quantity is None or quantity < 1:
        raise refused("Quantity is required.", code="parameter_missing", param=entry.name("quantity"))
    amount = rounded(Decimal(price["unit_amount_decimal"]) * quantity)
    item = Item(amount, rates_of(store, rates), product=price["product"])
    return {"price": price, "quantity": quantity, "item": item, "rates": rates}


def _keep_item(store: Store, offered: Json, line: Line) -> str:
    rows = [
        {"amount": row["amount"], "discount": store.past("discount", row["discount"])}
        for row in amounts_by_discount([line])
    ]
    taxes = [
        {
            "amount": tax.amount,
            "rate": render(store, store.get("tax_rate", tax.rate.tax_rate)),
            "taxability_reason": shown["taxability_reason"],
            "taxable_amount": tax.taxable,
        }
        for tax, shown in zip(line.taxes, taxes_shown(line.taxes, "none"), strict=True)
    ]
    item = store.create("item", price=render(store, offered["price"]), quantity=offered["quantity"])
    item |= {"amount_subtotal": line.item.amount, "amount_total": line.total, "currency": offered["price"]["currency"]}
    item |= {
        "amount_discount": line.item.amount - line.after_discounts,
        "amount_tax": sum(tax.amount for tax in line.taxes),
    }
    item["description"] = store.past("product", offered["price"]["product"])["name"]
    item |= {"_discounts": rows, "_taxes": taxes, "_rates": offered["rates"]}
    return str(item["id"])


def _sums(store: Store, lines: list[Line], cuts: list[str]) -> Json:
    discount = sum(line.item.amount - line.after_discounts for line in lines)
    taxes: dict[str, Json] = {}
    for tax in (tax for line in lines for tax in line.taxes):
        rate = render(store, store.get("tax_rate", tax.rate.tax_rate))
        reason = "standard_rated" if tax.rate.percentage else "zero_rated"
        entry = taxes.setdefault(
            rate["id"], {"amount": 0, "rate": rate, "taxability_reason": reason, "taxable_amount": 0}
        )
        entry["amount"] += tax.amount
        entry["taxable_amount"] += tax.taxable
    rows = [
        {"amount": row["amount"], "discount": store.past("discount", row["discount"])}
        for row in amounts_by_discount(lines)
    ]
    tax = sum(entry["amount"] for entry in taxes.values())
    return {
        "amount_subtotal": sum(line.item.amount for line in lines),
        "amount_total": sum(line.total for line in lines),
        "total_details": {"amount_discount": discount, "amount_shipping": 0, "amount_tax": tax},
        "discounts": [
            {"coupon": store.past("discount", cut)["source"]["coupon"], "promotion_code": None} for cut in cuts
        ],
        "_breakdown": {"discounts": rows, "taxes": list(taxes.values())},
        "_cuts": cuts,
    }


def _describe(params: Params, session: Json) -> None:
    keep_texts(params, session, TEXTS)
    keep_metadata(params, session)
    session["customer_creation"] = params.choice("customer_creation", ("if_required", "always"), "if_required")
    session["billing_address_collection"] = params.text("billing_address_collection")
    session["payment_method_types"] = params.texts("payment_method_types") or ["card"]
    session["tax_id_collection"] = {"enabled": params.child("tax_id_collection").flag("enabled"), "required": "never"}
    creation = params.child("invoice_creation")
    session["invoice_creation"]["enabled"] = creation.flag("enabled")
    data = creation.child("invoice_data")
    keep_metadata(data, session["invoice_creation"]["invoice_data"])
    keep_texts(data, session["invoice_creation"]["invoice_data"], ("description", "footer"))
    intent: Json = {"metadata": {}, "description": None}
    keep_metadata(params.child("payment_intent_data"), intent)
    keep_texts(params.child("payment_intent_data"), intent, ("description",))
    session["_intent"] = intent


def _custom_field(entry: Params) -> Json:
    entry.refuse_others(("key", "label", "type", "optional", "text", "numeric", "dropdown"))
    entry.needed("type")
    kind = entry.choice("type", FIELD_KINDS, "")
    field: Json = {
        "key": entry.needed("key"),
        "label": {"custom": entry.child("label").needed("custom"), "type": "custom"},
        "optional": entry.flag("optional"),
        "type": kind,
    }
    if kind == "dropdown":
        options = entry.child("dropdown").children("options")
        shown = [{"label": row.needed("label"), "value": row.needed("value")} for row in options]
        return field | {"dropdown": {"default_value": None, "options": shown, "value": None}}
    bounds = entry.child(kind)
    limits: Json = {name: bounds.integer(name) for name in ("maximum_length", "minimum_length")}
    return field | {kind: {"default_value": None, **limits, "value": None}}


def expire_session(call: Call) -> Json:
    """Close a session that nobody paid."""
    session = call.store.get("checkout.session", call.ids["id"])
    if session["status"] != "open":
        raise refused(f'Only Checkout Sessions with a status in ["open"] can be expired, not {session["status"]}.')
    session |= {"status": "expired", "url": None}
    emit(call.store, "checkout.session.expired", session)
    return session


def list_items(call: Call) -> Page:
    """The items of a session, by pages."""
    session = call.store.get("checkout.session", call.ids["id"])
    rows = [call.store.past("item", item) for item in session["_items"]]
    return page_of(rows, call.params, f"/v1/checkout/sessions/{session['id']}/line_items")


SESSIONS = "/v1/checkout/sessions"
FILTERS = ("customer", "payment_intent", "subscription", "status")

ROUTES = (
    Route("POST", SESSIONS, create_session, FIELDS),
    *reading("checkout.session", SESSIONS, *FILTERS),
    Route("POST", f"{SESSIONS}/{{id}}/expire", expire_session),
    Route("GET", f"{SESSIONS}/{{id}}/line_items", list_items, PAGING),
)
