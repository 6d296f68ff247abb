"""Invoice items: what is to be billed, waiting for an invoice or already a line of one."""

from decimal import Decimal

from billing.sandbox.arithmetic import rounded
from billing.sandbox.coupons import discounts_from, named_rates
from billing.sandbox.emit import emit
from billing.sandbox.errors import Json, refused
from billing.sandbox.params import Params
from billing.sandbox.render import render
from billing.sandbox.resources.catalogue import new_price, new_product
from billing.sandbox.resources.plain import currency_of, keep_metadata, keep_texts, reading
from billing.sandbox.router import Call, Route
from billing.sandbox.store import Store
from billing.sandbox.totals import recompute

LINE = ("amount", "description", "discountable", "discounts", "metadata", "period", "price_data", "pricing", "quantity")
LINE_MORE = ("quantity_decimal", "tax_rates")
ITEM = ("currency", "customer", "invoice", "unit_amount_decimal", "tax_behavior")
MOST_LINES = 250


def create_item(call: Call) -> Json:
    """Make an item, on a draft invoice at once or pending for the customer."""
    params = call.params
    invoice = call.store.named("invoice", params.needed("invoice"), "invoice") if params.has("invoice") else None
    customer = params.text("customer") or (invoice and invoice["customer"]) or params.needed("customer")
    call.store.named("customer", customer, "customer")
    item = new_item(call.store, params, customer=customer, invoice=invoice)
    if invoice:
        recompute(call.store, invoice)
    emit(call.store, "invoiceitem.created", item)
    return item


def new_item(store: Store, params: Params, *, customer: str, invoice: Json | None) -> Json:
    """Make an item from the parameters of an invoice item or of one of `lines`; its line too on an invoice."""
    if invoice:
        refuse_unless_draft(invoice)
    rates = named_rates(store, params)
    quantity = _quantity(params)
    price = _price(store, params, invoice["currency"] if invoice else None, quantity)
    if invoice and price["currency"] != invoice["currency"]:
        raise refused("The currency of the line differs from the invoice's.", param=params.name("currency"))
    if invoice and len(invoice["_lines"]) >= MOST_LINES:
        raise refused(f"An invoice can have at most {MOST_LINES} lines.", code="invoice_no_more_lines")
    place = {"customer": customer, "invoice_item": None, "invoice": invoice["id"] if invoice else None}
    discounts = discounts_from(store, params, **place)
    item = store.create("invoiceitem", customer=customer, discounts=discounts, **_priced(params, price, quantity))
    item |= {"date": store.clock.now(), "tax_rates": [render(store, store.get("tax_rate", rate)) for rate in rates]}
    item |= {"period": _period(store, params), "_rates": rates, "_product": price["product"]}
    item["discountable"] = params.flag("discountable", default=True)
    item["description"] = params.text("description") or store.past("product", price["product"])["name"]
    keep_metadata(params, item)
    for discount in discounts:
        store.past("discount", discount)["invoice_item"] = item["id"]
    if invoice:
        attach_item(store, item, invoice)
    return item


def _quantity(params: Params) -> Decimal:
    whole = params.integer("quantity")
    quantity = Decimal(whole) if whole is not None else params.decimal("quantity_decimal")
    if quantity is not None and quantity < 0:
        raise refused("Invalid quantity: must not be negative", param=params.name("quantity"))
    return Decimal(1) if quantity is None else quantity


def _price(store: Store, params: Params, currency: str | None, quantity: Decimal) -> Json:
    """The price the line refers to; Stripe makes an inactive one where the caller gave figures only."""
    if params.has("pricing"):
        return store.named("price", params.child("pricing").needed("price"), params.name("pricing"))
    if params.has("price_data"):
        data = params.child("price_data")
        named = data.text("product")
        known = store.named("product", named, data.name("product")) if named else None
        return new_price(store, data, (known or new_product(store, data.child("product_data")))["id"], active=False)
    if params.has("amount") and params.has("quantity") and quantity != 1:
        raise refused("You may only specify one of amount and quantity.", param=params.name("quantity"))
    unit = params.decimal("unit_amount_decimal")
    if unit is None:
        unit = Decimal(params.needed_integer("amount"))
    product = store.create(
        "product", name=params.text("description") or "Item", active=False, updated=store.clock.now()
    )
    given = currency_of(params) if params.has("currency") or currency is None else currency
    data = Params({"currency": given, "unit_amount_decimal": format(unit, "f")}, params.path)
    return new_price(store, data, product["id"], active=False, told=False)


def _priced(params: Params, price: Json, quantity: Decimal) -> Json:
    amount = rounded(Decimal(price["unit_amount_decimal"]) * quantity)
    return {
        "amount": amount,
        "net_amount": amount,
        "currency": price["currency"],
        "quantity": int(quantity) if quantity == quantity.to_integral_value() else None,
        "quantity_decimal": format(quantity, "f"),
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
    }


def _period(store: Store, params: Params) -> Json:
    period = params.child("period")
    now = store.clock.now()
    return {"end": period.integer("end") or now, "start": period.integer("start") or now}


def refuse_unless_draft(invoice: Json) -> None:
    """Lines change on drafts only."""
    if invoice["status"] != "draft":
        raise refused("This invoice is no longer editable", code="invoice_not_editable", param="invoice")


def attach_item(store: Store, item: Json, invoice: Json) -> Json:
    """Make the item a line of the invoice."""
    item["invoice"] = invoice["id"]
    details = {"invoice_item": item["id"], "proration": False, "proration_details": None, "subscription": None}
    copied = ("amount", "currency", "description", "discountable", "discounts", "metadata", "period", "pricing")
    line = store.create("line_item", **{name: item[name] for name in (*copied, "quantity", "quantity_decimal")})
    line |= {"invoice": invoice["id"], "subtotal": item["amount"], "_item": item["id"], "_product": item["_product"]}
    line |= {"_own_rates": item["_rates"], "_rates": item["_rates"]}
    line["parent"] = {
        "invoice_item_details": details,
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
    invoice["_lines"].append(line["id"])
    item["_line"] = line["id"]
    return line


def update_item(call: Call) -> Json:
    """Change the words of an item."""
    item = call.store.get("invoiceitem", call.ids["id"])
    invoice = call.store.find("invoice", item["invoice"])
    if invoice:
        refuse_unless_draft(invoice)
    rows = [item, *([call.store.past("line_item", item["_line"])] if invoice else [])]
    for row in rows:
        keep_texts(call.params, row, ("description",))
        keep_metadata(call.params, row)
    return item


def delete_item(call: Call) -> Json:
    """Take the item away, and its line off a draft."""
    item = call.store.get("invoiceitem", call.ids["id"])
    detach_item(call.store, item)
    emit(call.store, "invoiceitem.deleted", item)
    return call.store.discard("invoiceitem", item["id"])


def detach_item(store: Store, item: Json) -> None:
    """Take the item's line off its draft."""
    invoice = store.find("invoice", item["invoice"])
    if invoice:
        refuse_unless_draft(invoice)
        invoice["_lines"].remove(item["_line"])
        item["invoice"] = None
        recompute(store, invoice)


def pending_items(store: Store, customer: str, currency: str) -> list[Json]:
    """What waits to be billed, oldest first."""
    rows = [row for row in store.rows("invoiceitem") if row["customer"] == customer and row["invoice"] is None]
    return [store.past("invoiceitem", row["id"]) for row in reversed(rows) if row["currency"] == currency]


ROUTES = (
    Route("POST", "/v1/invoiceitems", create_item, (*LINE, *LINE_MORE, *ITEM)),
    *reading("invoiceitem", "/v1/invoiceitems", "customer", "invoice"),
    Route("POST", "/v1/invoiceitems/{id}", update_item, ("description", "metadata")),
    Route("DELETE", "/v1/invoiceitems/{id}", delete_item),
)
