"""Credit notes: before payment they lower what is owed, afterwards they say how the money goes back."""

from billing.sandbox.crediting import credit_totals, credited_line, whole_amount
from billing.sandbox.emit import emit, snapshot
from billing.sandbox.errors import Json, refused
from billing.sandbox.lists import PAGING, Page, page_of
from billing.sandbox.params import Params
from billing.sandbox.render import render
from billing.sandbox.resources.plain import keep_metadata, keep_texts, reading
from billing.sandbox.resources.refunds import new_refund
from billing.sandbox.router import Call, Route
from billing.sandbox.settlement import ask_for_the_rest, mark_paid, payments_of
from billing.sandbox.store import Store
from billing.sandbox.totals import refresh_due

REASONS = ("duplicate", "fraudulent", "order_change", "product_unsatisfactory")
FIELDS = ("amount", "credit_amount", "effective_at", "email_type", "invoice", "lines", "memo", "metadata")
MORE = ("out_of_band_amount", "reason", "refund_amount", "refunds")


def create_credit_note(call: Call) -> Json:
    """Credit lines of a finalised invoice, or an amount of it."""
    params, store = call.params, call.store
    invoice = store.named("invoice", params.needed("invoice"), "invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise refused("Credit notes can only be made for finalized invoices.", param="invoice")
    if params.has("lines") == params.has("amount"):
        raise refused("You must pass either `lines` or `amount`.", param="lines")
    if params.has("lines"):
        lines = [credited_line(store, invoice, entry) for entry in params.children("lines")]
    else:
        lines = [whole_amount(params.needed_integer("amount"))]
    figures = credit_totals(store, lines)
    _check_total(store, invoice, figures["total"])
    before_payment = 0 if invoice["status"] == "paid" else min(figures["total"], invoice["amount_remaining"])
    way = _way_back(store, params, invoice, figures["total"] - before_payment)
    note = _issue(store, invoice, lines, figures | {"pre_payment_amount": before_payment})
    _describe(call, note)
    _give_back(store, invoice, note, way)
    _lower_invoice(store, invoice, note)
    emit(store, "credit_note.created", note)
    return note


def _check_total(store: Store, invoice: Json, total: int) -> None:
    earlier = sum(row["total"] for row in notes_of(store, invoice) if row["status"] == "issued")
    if not 0 < total <= invoice["total"] - earlier:
        message = f"The credit note's total ({total}) must be above 0 and within what is left of the invoice"
        raise refused(f"{message} ({invoice['total'] - earlier}).", param="amount")


def notes_of(store: Store, invoice: Json) -> list[Json]:
    """The invoice's credit notes, newest first."""
    return [row for row in store.rows("credit_note") if row["invoice"] == invoice["id"]]


def _way_back(store: Store, params: Params, invoice: Json, owed: int) -> Json:
    """How the part that was already paid goes back; the ways must make it up exactly."""
    linked = []
    for entry in params.children("refunds"):
        refund = store.named("refund", entry.needed("refund"), entry.name("refund"))
        amount = entry.integer("amount_refunded")
        linked.append((refund, refund["amount"] if amount is None else amount))
    way: Json = {name: params.integer(name) or 0 for name in ("credit_amount", "refund_amount", "out_of_band_amount")}
    if sum(way.values()) + sum(amount for _, amount in linked) != owed:
        message = "The sum of credit amount, refund amount and out of band amount must equal the credit note amount"
        raise refused(f"{message} ({owed}).", param="refund_amount")
    charge = _charge_of(store, invoice) if way["refund_amount"] else None
    if charge and way["refund_amount"] > charge["amount_captured"] - charge["amount_refunded"]:
        raise refused("The refund amount exceeds what is left of the charge.", param="refund_amount")
    return way | {"linked": linked, "charge": charge}


def _charge_of(store: Store, invoice: Json) -> Json:
    for payment in payments_of(store, invoice, status="paid"):
        intent = store.find("payment_intent", payment["payment"].get("payment_intent"))
        if intent is not None:
            return store.get("charge", intent["latest_charge"])
    raise refused("The invoice was not paid through Stripe, there is nothing to refund.", param="refund_amount")


def _issue(store: Store, invoice: Json, lines: list[Json], figures: Json) -> Json:
    number = f"{invoice['number']}-CN-{len(notes_of(store, invoice)) + 1:02d}"
    rows = []
    for fields in lines:
        rates = [render(store, store.get("tax_rate", rate)) for rate in fields["_rates"]]
        rows.append(store.create("credit_note_line_item", **fields, tax_rates=rates)["id"])
        line = store.find("line_item", fields.get("invoice_line_item"))
        if line is not None:
            line["_credited"] = line.get("_credited", 0) + fields["amount"]
    note = store.create("credit_note", customer=invoice["customer"], invoice=invoice["id"], number=number, _lines=rows)
    note |= {**figures, "currency": invoice["currency"], "effective_at": note["created"]}
    note["post_payment_amount"] = note["total"] - note["pre_payment_amount"]
    if note["pre_payment_amount"] and note["post_payment_amount"]:
        note["type"] = "mixed"
    elif note["post_payment_amount"]:
        note["type"] = "post_payment"
    note["pdf"] = f"https://pay.stripe.com/credit_notes/sandbox/{note['id']}/pdf"
    return note


def _describe(call: Call, note: Json) -> None:
    keep_texts(call.params, note, ("memo",))
    keep_metadata(call.params, note)
    if call.params.has("reason"):
        note["reason"] = call.params.choice("reason", REASONS, "")
    note["effective_at"] = call.params.integer("effective_at") or note["effective_at"]


def _give_back(store: Store, invoice: Json, note: Json, way: Json) -> None:
    note["out_of_band_amount"] = way["out_of_band_amount"] or None
    if way["credit_amount"]:
        store.get("customer", invoice["customer"])["balance"] -= way["credit_amount"]
    if way["refund_amount"]:
        way["linked"].append((new_refund(store, way["charge"], way["refund_amount"], None), way["refund_amount"]))
    note["refunds"] = [
        {"amount_refunded": amount, "payment_record_refund": None, "refund": refund["id"], "type": "refund"}
        for refund, amount in way["linked"]
    ]


def _lower_invoice(store: Store, invoice: Json, note: Json) -> None:
    before = snapshot(store, invoice)
    invoice["pre_payment_credit_notes_amount"] += note["pre_payment_amount"]
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
    refresh_due(invoice)
    if invoice["status"] == "open" and invoice["amount_remaining"] == 0:
        mark_paid(store, invoice)
    else:
        ask_for_the_rest(store, invoice)
        emit(store, "invoice.updated", invoice, before=before)


def update_credit_note(call: Call) -> Json:
    """Change memo and metadata."""
    note = call.store.get("credit_note", call.ids["id"])
    before = snapshot(call.store, note)
    keep_texts(call.params, note, ("memo",))
    keep_metadata(call.params, note)
    emit(call.store, "credit_note.updated", note, before=before)
    return note


def void_credit_note(call: Call) -> Json:
    """Take back a credit note of an invoice that is still open."""
    store = call.store
    note = store.get("credit_note", call.ids["id"])
    invoice = store.get("invoice", note["invoice"])
    if note["status"] == "void" or note["post_payment_amount"] or invoice["status"] != "open":
        raise refused("Only an issued credit note of an open invoice can be voided.")
    note |= {"status": "void", "voided_at": store.clock.now()}
    for identifier in note["_lines"]:
        row = store.past("credit_note_line_item", identifier)
        if line := store.find("line_item", row["invoice_line_item"]):
            line["_credited"] -= row["amount"]
    invoice["pre_payment_credit_notes_amount"] -= note["pre_payment_amount"]
    refresh_due(invoice)
    ask_for_the_rest(store, invoice)
    emit(store, "invoice.updated", invoice)
    emit(store, "credit_note.voided", note)
    return note


def list_note_lines(call: Call) -> Page:
    """All lines of a credit note, by pages."""
    note = call.store.get("credit_note", call.ids["id"])
    rows = [call.store.past("credit_note_line_item", line) for line in note["_lines"]]
    return page_of(rows, call.params, f"/v1/credit_notes/{note['id']}/lines")


NOTE = "/v1/credit_notes/{id}"

ROUTES = (
    Route("POST", "/v1/credit_notes", create_credit_note, (*FIELDS, *MORE)),
    *reading("credit_note", "/v1/credit_notes", "invoice", "customer"),
    Route("POST", NOTE, update_credit_note, ("memo", "metadata")),
    Route("POST", f"{NOTE}/void", void_credit_note),
    Route("GET", f"{NOTE}/lines", list_note_lines, PAGING),
)
