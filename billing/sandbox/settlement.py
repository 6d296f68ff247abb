"""How an invoice gets paid: one or several invoice payments, money outside Stripe, or nothing to pay at all."""

from billing.sandbox.emit import emit
from billing.sandbox.errors import Json
from billing.sandbox.intents import cancel, new_intent
from billing.sandbox.store import Store
from billing.sandbox.totals import refresh_due

OPEN_INTENT = ("requires_payment_method", "requires_confirmation", "requires_action", "processing")


def add_payment(store: Store, invoice: Json, *, amount: int, payment: Json, is_default: bool) -> Json:
    """Tie a payment intent or payment record to the invoice."""
    row = store.create(
        "invoice_payment",
        amount_requested=amount,
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=is_default,
        payment=payment,
    )
    invoice["_payments"].append(row["id"])
    store.get(payment["type"], payment[payment["type"]])["_invoice_payments"].append(row["id"])
    return row


def request_payment(store: Store, invoice: Json) -> None:
    """Make the intent that collects a finalised invoice."""
    intent = new_intent(
        store,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=f"Payment for Invoice {invoice['number']}",
    )
    payment = {"type": "payment_intent", "payment_intent": intent["id"]}
    add_payment(store, invoice, amount=invoice["amount_due"], payment=payment, is_default=True)


def payments_of(store: Store, invoice: Json, *, status: str) -> list[Json]:
    """The invoice's payments in this state."""
    rows = [store.past("invoice_payment", payment) for payment in invoice["_payments"]]
    return [row for row in rows if row["status"] == status]


def default_intent(store: Store, invoice: Json) -> Json | None:
    """The intent that collects what is left of the invoice."""
    for row in payments_of(store, invoice, status="open"):
        if row["is_default"]:
            return store.get("payment_intent", row["payment"]["payment_intent"])
    return None


def record_intent(store: Store, intent: Json) -> None:
    """Credit a succeeded intent to every invoice it belongs to."""
    for payment in intent["_invoice_payments"]:
        row = store.past("invoice_payment", payment)
        if row["status"] == "open":
            record_payment(store, row, intent["amount_received"])


def record_payment(store: Store, payment: Json, amount: int) -> None:
    """Credit one payment; the invoice is paid once nothing remains."""
    invoice = store.get("invoice", payment["invoice"])
    payment |= {"status": "paid", "amount_paid": amount}
    payment["status_transitions"]["paid_at"] = store.clock.now()
    invoice["amount_paid"] += amount
    refresh_due(invoice)
    emit(store, "invoice_payment.paid", payment)
    if invoice["amount_remaining"] == 0:
        mark_paid(store, invoice)
        return
    ask_for_the_rest(store, invoice)
    emit(store, "invoice.updated", invoice)


def ask_for_the_rest(store: Store, invoice: Json) -> None:
    """The default intent collects what other payments and credit notes leave."""
    intent = default_intent(store, invoice)
    if intent is not None:
        intent["amount"] = invoice["amount_remaining"]
        for row in payments_of(store, invoice, status="open"):
            if row["is_default"]:
                row["amount_requested"] = invoice["amount_remaining"]


def record_outside_payment(store: Store, invoice: Json) -> None:
    """The buyer paid by another way (cash, transfer); Stripe only takes note."""
    invoice["_paid_off_stripe"] += invoice["amount_remaining"]
    invoice["amount_paid"] += invoice["amount_remaining"]
    refresh_due(invoice)
    mark_paid(store, invoice)


def mark_paid(store: Store, invoice: Json) -> None:
    """Nothing remains to be paid."""
    drop_open_payments(store, invoice)
    invoice |= {"status": "paid", "attempted": True, "next_payment_attempt": None}
    invoice["status_transitions"]["paid_at"] = store.clock.now()
    emit(store, "invoice.updated", invoice)
    emit(store, "invoice.paid", invoice)
    emit(store, "invoice.payment_succeeded", invoice)


def drop_open_payments(store: Store, invoice: Json) -> None:
    """Cancel what was still being asked for."""
    for row in payments_of(store, invoice, status="open"):
        row["status"] = "canceled"
        row["status_transitions"]["canceled_at"] = store.clock.now()
        intent = store.find("payment_intent", row["payment"].get("payment_intent"))
        if intent is not None and intent["status"] in OPEN_INTENT:
            cancel(store, intent, "void_invoice" if invoice["status"] == "void" else None)
