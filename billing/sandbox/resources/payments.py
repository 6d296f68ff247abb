"""Payment intents, charges, payment methods, balance transactions and payments reported from outside Stripe."""

from billing.sandbox.emit import emit, snapshot
from billing.sandbox.errors import Json, refused
from billing.sandbox.intents import PAYABLE, cancel, keep_balance, method_named, new_intent, pay_intent
from billing.sandbox.params import Params
from billing.sandbox.resources.plain import currency_of, keep_metadata, keep_texts, listing, reading, retrieve
from billing.sandbox.router import Call, Route
from billing.sandbox.settlement import record_intent

TEXTS = ("description", "receipt_email", "setup_future_usage", "statement_descriptor")
CREATE = (*TEXTS, "amount", "currency", "customer", "confirm", "metadata", "off_session", "payment_method")
SMALLEST = 1


def create_intent(call: Call) -> Json:
    """Make an intent, and pay it at once when `confirm` is true."""
    params, store = call.params, call.store
    amount, currency = params.needed_integer("amount"), currency_of(params)
    if amount < SMALLEST:
        raise refused("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    customer = store.named("customer", params.needed("customer"), "customer")["id"] if params.has("customer") else None
    intent = new_intent(store, amount=amount, currency=currency, customer=customer, **_described(params))
    if params.flag("confirm"):
        return _pay(call, intent)
    if params.has("payment_method"):
        intent["payment_method"] = method_named(store, params.needed("payment_method"), customer)["id"]
        intent["status"] = "requires_confirmation"
    return intent


def _described(params: Params) -> Json:
    fields: Json = {"metadata": {}}
    keep_texts(params, fields, TEXTS)
    keep_metadata(params, fields)
    if params.has("payment_method_types"):
        fields["payment_method_types"] = params.texts("payment_method_types")
    if params.has("automatic_payment_methods"):
        fields["automatic_payment_methods"] = {"enabled": params.child("automatic_payment_methods").flag("enabled")}
    return fields


def _pay(call: Call, intent: Json) -> Json:
    name = call.params.text("payment_method") or intent["payment_method"]
    if name is None:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.", param="payment_method"
        )
    pay_intent(call.store, intent, method_named(call.store, name, intent["customer"]))
    if intent["status"] == "succeeded":
        record_intent(call.store, intent)
    return intent


def confirm_intent(call: Call) -> Json:
    """Pay the intent."""
    return _pay(call, call.store.get("payment_intent", call.ids["id"]))


def update_intent(call: Call) -> Json:
    """Change an intent; the amount only while it is not paid."""
    intent = call.store.get("payment_intent", call.ids["id"])
    amount = call.params.integer("amount")
    if amount is not None:
        if intent["status"] not in PAYABLE:
            raise refused("This PaymentIntent's amount could not be updated.", code="payment_intent_unexpected_state")
        intent["amount"] = amount
    intent |= {key: value for key, value in _described(call.params).items() if key != "metadata"}
    keep_metadata(call.params, intent)
    return intent


def cancel_intent(call: Call) -> Json:
    """Give the intent up."""
    intent = call.store.get("payment_intent", call.ids["id"])
    if intent["status"] not in PAYABLE:
        message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        raise refused(message, code="payment_intent_unexpected_state")
    cancel(call.store, intent, call.params.text("cancellation_reason"))
    return intent


def create_charge(call: Call) -> Json:
    """Charge a test token without an intent, as old integrations do."""
    params, store = call.params, call.store
    amount = params.needed_integer("amount")
    customer = store.named("customer", params.needed("customer"), "customer")["id"] if params.has("customer") else None
    method = method_named(store, params.needed("source"), customer)
    details = {"type": "card", "card": {"brand": method["card"]["brand"], "last4": method["card"]["last4"]}}
    charge = store.create("charge", amount=amount, amount_captured=amount, currency=currency_of(params))
    charge |= {"customer": customer, "payment_method": method["id"], "payment_method_details": details}
    keep_texts(params, charge, ("description", "receipt_email"))
    keep_metadata(params, charge)
    keep_balance(store, charge, amount, "charge")
    emit(store, "charge.succeeded", charge)
    return charge


def update_charge(call: Call) -> Json:
    """Change the words of a charge."""
    charge = call.store.get("charge", call.ids["id"])
    before = snapshot(call.store, charge)
    keep_texts(call.params, charge, ("description", "receipt_email"))
    keep_metadata(call.params, charge)
    emit(call.store, "charge.updated", charge, before=before)
    return charge


def report_payment(call: Call) -> Json:
    """Take note of a payment made outside Stripe, to be attached to an invoice."""
    params = call.params
    asked = params.child("amount_requested")
    money: Json = {"currency": currency_of(asked), "value": asked.needed_integer("value")}
    reference = params.child("processor_details").child("custom").text("payment_reference")
    record = call.store.create(
        "payment_record", amount_requested=money, amount=money, description=params.text("description")
    )
    record |= {"amount_guaranteed": dict(money), "_invoice_payments": []}
    for name in ("amount_authorized", "amount_canceled", "amount_failed", "amount_refunded"):
        record[name] = {"currency": money["currency"], "value": 0}
    record["processor_details"] = {"type": "custom", "custom": {"payment_reference": reference}}
    keep_metadata(params, record)
    return record


INTENT = "/v1/payment_intents/{id}"
REPORT = ("amount_requested", "description", "guaranteed", "initiated_at", "metadata", "outcome", "processor_details")

ROUTES = (
    Route("POST", "/v1/payment_intents", create_intent, (*CREATE, "automatic_payment_methods", "payment_method_types")),
    *reading("payment_intent", "/v1/payment_intents", "customer"),
    Route("POST", INTENT, update_intent, (*TEXTS, "amount", "metadata")),
    Route("POST", f"{INTENT}/confirm", confirm_intent, ("payment_method", "off_session")),
    Route("POST", f"{INTENT}/cancel", cancel_intent, ("cancellation_reason",)),
    Route("POST", "/v1/charges", create_charge, (*TEXTS[:2], "amount", "currency", "customer", "metadata", "source")),
    *reading("charge", "/v1/charges", "customer", "payment_intent"),
    Route("POST", "/v1/charges/{id}", update_charge, ("description", "receipt_email", "metadata")),
    Route("GET", "/v1/payment_methods/{id}", retrieve("payment_method")),
    Route(
        "GET",
        "/v1/payment_methods",
        listing("payment_method", "/v1/payment_methods", "customer", "type"),
        ("customer", "type", "limit", "starting_after", "ending_before"),
    ),
    *reading("balance_transaction", "/v1/balance_transactions", "source", "type"),
    Route("POST", "/v1/payment_records/report_payment", report_payment, (*REPORT, "payment_method_details")),
    Route("GET", "/v1/payment_records/{id}", retrieve("payment_record")),
)
