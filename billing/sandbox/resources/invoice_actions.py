"""What happens to an invoice once it is written: finalise, send, pay, attach a payment, void, mark uncollectible."""

from billing.sandbox.emit import emit
from billing.sandbox.errors import Json, StripeFault, refused
from billing.sandbox.intents import method_named, pay_intent
from billing.sandbox.lists import PAGING, Page, created_within, page_of
from billing.sandbox.params import Params
from billing.sandbox.render import buyer_of
from billing.sandbox.resources.invoices import DAY
from billing.sandbox.resources.plain import retrieve
from billing.sandbox.router import Call, Route
from billing.sandbox.settlement import (
    add_payment,
    default_intent,
    drop_open_payments,
    mark_paid,
    record_intent,
    record_outside_payment,
    record_payment,
    request_payment,
)
from billing.sandbox.store import Store
from billing.sandbox.totals import recompute, refresh_due

PAYABLE = ("open", "uncollectible")


def finalize_invoice(call: Call) -> Json:
    """Freeze the draft: it gets its number, its buyer stops following the customer, the money is asked for."""
    invoice = call.store.get("invoice", call.ids["id"])
    if invoice["status"] != "draft":
        raise refused("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    invoice["auto_advance"] = call.params.flag("auto_advance", default=invoice["auto_advance"])
    finalize(call.store, invoice)
    return invoice


def finalize(store: Store, invoice: Json, *, collect: bool = True) -> None:
    """The draft becomes open, or paid at once when nothing is owed. `collect` makes the intent that asks for money."""
    customer = store.get("customer", invoice["customer"])
    now = store.clock.now()
    recompute(store, invoice)
    invoice |= {**buyer_of(store, customer["id"]), "status": "open", "starting_balance": customer["balance"]}
    refresh_due(invoice)
    invoice["ending_balance"] = customer["balance"] = min(0, invoice["total"] + customer["balance"])
    invoice["number"] = invoice["number"] or f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    invoice["status_transitions"]["finalized_at"] = now
    invoice["effective_at"] = invoice["effective_at"] or now
    if invoice["collection_method"] == "send_invoice" and invoice["due_date"] is None:
        days = 30 if invoice["_days_until_due"] is None else invoice["_days_until_due"]
        invoice["due_date"] = now + days * DAY
    page = f"https://invoice.stripe.com/i/sandbox/{invoice['id']}"
    invoice |= {"hosted_invoice_url": page, "invoice_pdf": f"{page}/pdf"}
    if invoice["amount_due"] and collect:
        request_payment(store, invoice)
    emit(store, "invoice.finalized", invoice)
    if not invoice["amount_due"]:
        mark_paid(store, invoice)


def send_invoice(call: Call) -> Json:
    """Mail the invoice (only the event is made), finalising a draft first."""
    invoice = call.store.get("invoice", call.ids["id"])
    if invoice["collection_method"] != "send_invoice":
        raise refused("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        finalize(call.store, invoice)
    emit(call.store, "invoice.sent", invoice)
    return invoice


def pay_invoice(call: Call) -> Json:
    """Collect the invoice, or note that it was paid outside Stripe."""
    invoice = call.store.get("invoice", call.ids["id"])
    if invoice["status"] == "draft":
        finalize(call.store, invoice)
    if invoice["status"] == "paid" and invoice["amount_due"]:
        raise refused("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise refused("This invoice can no longer be paid", code="invoice_not_payable")
    if invoice["status"] in PAYABLE:
        if call.params.flag("paid_out_of_band"):
            record_outside_payment(call.store, invoice)
        else:
            _collect(call, invoice)
    return invoice


def _collect(call: Call, invoice: Json) -> None:
    store = call.store
    intent = default_intent(store, invoice)
    if intent is None:
        raise refused("This invoice has no payment to collect.", code="invoice_not_payable")
    customer = store.past("customer", invoice["customer"])
    kept = invoice["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    name = call.params.text("payment_method") or kept
    if not name:
        raise refused("There is no `default_payment_method` set on this Customer or Invoice.")
    invoice |= {"attempted": True, "attempt_count": invoice["attempt_count"] + 1}
    billing = {"email": invoice["customer_email"], "name": invoice["customer_name"]}
    try:
        pay_intent(store, intent, method_named(store, name, invoice["customer"]), billing=billing)
    except StripeFault:
        emit(store, "invoice.payment_failed", invoice)
        raise
    record_intent(store, intent)


def attach_payment(call: Call) -> Json:
    """Let another intent, or a payment reported from outside, pay a part of the invoice."""
    store, params = call.store, call.params
    invoice = store.get("invoice", call.ids["id"])
    if invoice["status"] not in PAYABLE:
        raise refused("Payments can only be attached to open invoices.", code="invoice_not_payable")
    if params.has("payment_record"):
        record = store.named("payment_record", params.needed("payment_record"), "payment_record")
        amount = record["amount_guaranteed"]["value"]
        payment = {"type": "payment_record", "payment_record": record["id"]}
        invoice["_paid_off_stripe"] += amount
        record_payment(store, add_payment(store, invoice, amount=amount, payment=payment, is_default=False), amount)
        return invoice
    intent = store.named("payment_intent", params.needed("payment_intent"), "payment_intent")
    if intent["_invoice_payments"] or intent["currency"] != invoice["currency"]:
        raise refused("This PaymentIntent cannot be attached to the invoice.", param="payment_intent")
    payment = {"type": "payment_intent", "payment_intent": intent["id"]}
    add_payment(store, invoice, amount=intent["amount"], payment=payment, is_default=False)
    if intent["status"] == "succeeded":
        record_intent(store, intent)
    return invoice


def void_invoice(call: Call) -> Json:
    """Declare that the invoice was a mistake."""
    return _close(call, "void", "voided_at", "invoice.voided", PAYABLE)


def mark_uncollectible(call: Call) -> Json:
    """Give up on the money."""
    return _close(call, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible", ("open",))


def _close(call: Call, status: str, at: str, event: str, allowed: tuple[str, ...]) -> Json:
    invoice = call.store.get("invoice", call.ids["id"])
    if invoice["status"] not in allowed:
        raise refused(f"You can only pass in {' or '.join(allowed)} invoices. This one is {invoice['status']}.")
    invoice |= {"status": status}
    invoice["status_transitions"][at] = call.store.clock.now()
    if status == "void":
        drop_open_payments(call.store, invoice)
    emit(call.store, "invoice.updated", invoice)
    emit(call.store, event, invoice)
    return invoice


def list_payments(call: Call) -> Page:
    """The payments of an invoice, or the invoice payments made with one intent or record."""
    store, params = call.store, call.params
    rows = _payments_asked_for(store, params)
    rows = [row for row in rows if row["status"] == (params.text("status") or row["status"])]
    return page_of(created_within(rows, params), params, "/v1/invoice_payments")


def _payments_asked_for(store: Store, params: Params) -> list[Json]:
    invoice = store.named("invoice", params.needed("invoice"), "invoice") if params.has("invoice") else None
    wanted = params.child("payment")
    if not wanted.raw and invoice is None:
        return list(store.rows("invoice_payment"))
    kept = invoice["_payments"] if invoice else []
    if wanted.raw:
        wanted.needed("type")
        kind = wanted.choice("type", ("payment_intent", "payment_record"), "")
        paid_with = store.named(kind, wanted.needed(kind), wanted.name(kind))
        kept = [row for row in paid_with["_invoice_payments"] if invoice is None or row in kept]
    return [store.past("invoice_payment", row) for row in reversed(kept)]


INVOICE = "/v1/invoices/{id}"

ROUTES = (
    Route("POST", f"{INVOICE}/finalize", finalize_invoice, ("auto_advance",)),
    Route("POST", f"{INVOICE}/send", send_invoice),
    Route("POST", f"{INVOICE}/pay", pay_invoice, ("paid_out_of_band", "payment_method", "off_session")),
    Route("POST", f"{INVOICE}/attach_payment", attach_payment, ("payment_intent", "payment_record")),
    Route("POST", f"{INVOICE}/void", void_invoice),
    Route("POST", f"{INVOICE}/mark_uncollectible", mark_uncollectible),
    Route("GET", "/v1/invoice_payments", list_payments, (*PAGING, "created", "invoice", "payment", "status")),
    Route("GET", "/v1/invoice_payments/{id}", retrieve("invoice_payment")),
)
