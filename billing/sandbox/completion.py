"""What a buyer does on the checkout page: details, custom fields, payment. No API call does this, so a control does."""

from typing import Any

from billing.sandbox.emit import emit
from billing.sandbox.errors import Json, refused
from billing.sandbox.intents import method_named, new_intent, pay_intent
from billing.sandbox.params import Params
from billing.sandbox.resources.customers import add_tax_id
from billing.sandbox.resources.invoice_actions import finalize
from billing.sandbox.resources.invoice_items import attach_item
from billing.sandbox.resources.invoices import new_invoice
from billing.sandbox.resources.plain import ADDRESS
from billing.sandbox.settlement import add_payment, record_intent
from billing.sandbox.store import Store
from billing.sandbox.totals import recompute

DETAILS = ("name", "business_name", "individual_name", "email", "phone")


def complete(store: Store, session: Json, wanted: dict[str, Any]) -> Json:
    """Pay the session. `method` is a test payment method; a slow one leaves the session unpaid until settled."""
    if session["status"] != "open":
        raise refused(f"This Checkout Session is {session['status']}.")
    details = dict(wanted.get("customer_details", {}))
    _fill_details(store, session, details)
    _fill_custom_fields(session, wanted.get("custom_fields", {}))
    customer = _customer_of(store, session, details)
    if session["amount_total"] == 0:
        session["payment_status"] = "no_payment_required"
        _invoice_purchase(store, session, None)
    else:
        _pay(store, session, customer, str(wanted.get("method", "pm_card_visa")))
    session |= {"status": "complete", "url": None}
    emit(store, "checkout.session.completed", session)
    return session


def _fill_details(store: Store, session: Json, details: dict[str, Any]) -> None:
    known = store.find("customer", session["customer"]) or {}
    address = details.get("address") or known.get("address") or {}
    kept = [{"type": row["type"], "value": row["value"]} for row in details.get("tax_ids", [])]
    session["customer_details"] = {
        **{name: details.get(name) or known.get(name) for name in DETAILS},
        "address": {name: address.get(name) for name in ADDRESS},
        "tax_exempt": known.get("tax_exempt", "none"),
        "tax_ids": kept,
    }
    if session["customer_email"]:
        session["customer_details"]["email"] = session["customer_email"]


def _fill_custom_fields(session: Json, answers: dict[str, str]) -> None:
    fields = {field["key"]: field for field in session["custom_fields"]}
    for key, value in answers.items():
        if key not in fields:
            raise refused(f"The session has no custom field {key}.", param=key)
        fields[key][fields[key]["type"]]["value"] = value
    for field in fields.values():
        if not field["optional"] and field[field["type"]]["value"] is None:
            raise refused(f"The custom field {field['key']} must be filled.", param=field["key"])


def _customer_of(store: Store, session: Json, details: dict[str, Any]) -> Json | None:
    """The buyer's customer: the session's own, a new one where Stripe makes one, else a guest without."""
    if session["customer"]:
        return store.get("customer", session["customer"])
    if session["customer_creation"] != "always" and not session["invoice_creation"]["enabled"]:
        return None
    shown = session["customer_details"]
    customer = store.create("customer", _discount=None, _tax_ids=[])
    customer |= {"invoice_prefix": customer["id"][-8:].upper(), "address": shown["address"]}
    customer |= {name: shown[name] for name in ("name", "email", "phone", "business_name", "individual_name")}
    emit(store, "customer.created", customer)
    for row in details.get("tax_ids", []):
        add_tax_id(store, customer, Params(dict(row)))
    session["customer"] = customer["id"]
    return customer


def _invoice_purchase(store: Store, session: Json, intent: Json | None) -> None:
    """Write the invoice that `invoice_creation` asks for: after the payment, which it is then credited with."""
    if not session["invoice_creation"]["enabled"]:
        return
    customer = store.get("customer", session["customer"])
    invoice = new_invoice(store, customer, session["currency"])
    data = session["invoice_creation"]["invoice_data"]
    invoice |= {"discounts": session["_cuts"], "metadata": dict(data["metadata"]), "description": data["description"]}
    for identifier in session["_items"]:
        attach_item(store, _billed(store, store.past("item", identifier), customer), invoice)
    recompute(store, invoice)
    emit(store, "invoice.created", invoice)
    finalize(store, invoice, collect=False)
    session["invoice"] = invoice["id"]
    if intent is not None:
        payment = {"type": "payment_intent", "payment_intent": intent["id"]}
        add_payment(store, invoice, amount=intent["amount"], payment=payment, is_default=True)
        record_intent(store, intent)


def _billed(store: Store, item: Json, customer: Json) -> Json:
    price = item["price"]
    now = store.clock.now()
    row = store.create("invoiceitem", amount=item["amount_subtotal"], net_amount=item["amount_subtotal"], date=now)
    row |= {"customer": customer["id"], "currency": item["currency"], "description": item["description"]}
    row |= {
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "period": {"end": now, "start": now},
    }
    row["pricing"] = {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }
    row |= {"_rates": item["_rates"], "_product": price["product"]}
    row["tax_rates"] = [tax["rate"] for tax in item["_taxes"]]
    return row


def _pay(store: Store, session: Json, customer: Json | None, name: str) -> None:
    owner = customer["id"] if customer else None
    method = method_named(store, name, owner)
    intent = store.find("payment_intent", session["payment_intent"]) or new_intent(
        store, amount=session["amount_total"], currency=session["currency"], customer=owner, **session["_intent"]
    )
    intent["_session"] = session["id"]
    session |= {"payment_intent": intent["id"], "payment_method_types": [method["type"]]}
    shown = session["customer_details"]
    pay_intent(store, intent, method, billing={key: shown[key] for key in ("address", "email", "name", "phone")})
    if intent["status"] == "succeeded":
        session["payment_status"] = "paid"
        _invoice_purchase(store, session, intent)


def settle_session(store: Store, intent: Json) -> None:
    """The slow payment of a session arrived, or came back."""
    session = store.find("checkout.session", intent.get("_session"))
    if session is None:
        return
    if intent["status"] == "succeeded":
        session["payment_status"] = "paid"
        _invoice_purchase(store, session, intent)
        emit(store, "checkout.session.async_payment_succeeded", session)
    else:
        emit(store, "checkout.session.async_payment_failed", session)
