"""Invoices while they are written: create, change, lines, delete. `resources/invoice_actions.py` has what follows."""

from billing.sandbox.coupons import discounts_from, named_rates
from billing.sandbox.emit import emit, snapshot
from billing.sandbox.errors import Json, refused
from billing.sandbox.lists import PAGING, Page, page_of
from billing.sandbox.params import Params
from billing.sandbox.render import buyer_of, render
from billing.sandbox.resources.invoice_items import (
    LINE,
    LINE_MORE,
    attach_item,
    detach_item,
    new_item,
    pending_items,
    refuse_unless_draft,
)
from billing.sandbox.resources.plain import currency_of, keep_metadata, keep_texts, reading
from billing.sandbox.router import Call, Route
from billing.sandbox.store import Store
from billing.sandbox.totals import lines_of, recompute

DAY = 24 * 60 * 60
TEXTS = ("description", "footer", "statement_descriptor", "default_payment_method")
DRAFT_ONLY = ("description", "footer", "default_tax_rates", "discounts", "due_date", "days_until_due", "number")
FIELDS = (
    *TEXTS,
    *("auto_advance", "collection_method", "custom_fields", "days_until_due", "default_tax_rates", "discounts"),
    *("due_date", "effective_at", "metadata", "number"),
)


def create_invoice(call: Call) -> Json:
    """Make a draft, with the customer's pending items when `pending_invoice_items_behavior` is `include`."""
    params, store = call.params, call.store
    customer = store.named("customer", params.needed("customer"), "customer")
    behavior = params.choice("pending_invoice_items_behavior", ("exclude", "include"), "exclude")
    currency = currency_of(params) if params.has("currency") else customer["currency"] or "usd"
    invoice = new_invoice(store, customer, currency)
    fill_invoice(call, invoice)
    if not params.has("discounts") and customer["_discount"]:
        invoice["discounts"] = [customer["_discount"]]
    if behavior == "include":
        for item in pending_items(store, customer["id"], currency):
            attach_item(store, item, invoice)
    recompute(store, invoice)
    emit(store, "invoice.created", invoice)
    return invoice


def new_invoice(store: Store, customer: Json, currency: str) -> Json:
    """An empty draft for this customer."""
    customer["currency"] = customer["currency"] or currency
    hidden: Json = {"_lines": [], "_payments": [], "_paid_off_stripe": 0, "_default_rates": [], "_days_until_due": None}
    now = store.clock.now()
    invoice = store.create("invoice", customer=customer["id"], currency=currency, **hidden)
    invoice |= {"period_start": now, "period_end": now, **buyer_of(store, customer["id"])}
    return invoice


def fill_invoice(call: Call, invoice: Json) -> None:
    """Keep what was sent about the invoice."""
    params, store = call.params, call.store
    rates = named_rates(store, params, "default_tax_rates")
    if params.has("default_tax_rates"):
        invoice["_default_rates"] = rates
        invoice["default_tax_rates"] = [render(store, store.get("tax_rate", rate)) for rate in rates]
    if params.has("discounts"):
        invoice["discounts"] = discounts_from(store, params, customer=invoice["customer"], invoice=invoice["id"])
    keep_texts(params, invoice, (*TEXTS, "number"))
    keep_metadata(params, invoice)
    invoice["auto_advance"] = params.flag("auto_advance", default=invoice["auto_advance"])
    methods = ("charge_automatically", "send_invoice")
    invoice["collection_method"] = params.choice("collection_method", methods, invoice["collection_method"])
    if params.has("custom_fields"):
        fields = params.children("custom_fields")
        invoice["custom_fields"] = [
            {"name": row.needed("name"), "value": row.needed("value")} for row in fields
        ] or None
    _keep_dates(params, invoice)


def _keep_dates(params: Params, invoice: Json) -> None:
    if params.has("effective_at"):
        invoice["effective_at"] = params.integer("effective_at")
    if not params.has("due_date") and not params.has("days_until_due"):
        return
    if invoice["collection_method"] != "send_invoice":
        raise refused("Due dates are only valid for invoices with `collection_method=send_invoice`.", param="due_date")
    invoice["_days_until_due"] = params.integer("days_until_due")
    invoice["due_date"] = params.integer("due_date")


def update_invoice(call: Call) -> Json:
    """Change a draft, or what stays open to change afterwards."""
    invoice = call.store.get("invoice", call.ids["id"])
    if set(DRAFT_ONLY) & set(call.params.raw):
        refuse_unless_draft(invoice)
    before = snapshot(call.store, invoice)
    fill_invoice(call, invoice)
    if invoice["status"] == "draft":
        recompute(call.store, invoice)
    emit(call.store, "invoice.updated", invoice, before=before)
    return invoice


def delete_invoice(call: Call) -> Json:
    """Delete a draft; its items are deleted with it."""
    invoice = call.store.get("invoice", call.ids["id"])
    refuse_unless_draft(invoice)
    for line in lines_of(call.store, invoice):
        call.store.discard("invoiceitem", line["_item"])
    emit(call.store, "invoice.deleted", invoice)
    return call.store.discard("invoice", invoice["id"])


def list_lines(call: Call) -> Page:
    """All lines of an invoice, by pages."""
    invoice = call.store.get("invoice", call.ids["id"])
    return page_of(lines_of(call.store, invoice), call.params, f"/v1/invoices/{invoice['id']}/lines")


def add_lines(call: Call) -> Json:
    """Add several lines to a draft."""
    invoice = call.store.get("invoice", call.ids["id"])
    refuse_unless_draft(invoice)
    before = snapshot(call.store, invoice)
    for entry in _lines(call, (*LINE, *LINE_MORE, "invoice_item")):
        if entry.has("invoice_item"):
            item = call.store.named("invoiceitem", entry.needed("invoice_item"), entry.name("invoice_item"))
            attach_item(call.store, item, invoice)
        else:
            item = new_item(call.store, entry, customer=invoice["customer"], invoice=invoice)
            emit(call.store, "invoiceitem.created", item)
    recompute(call.store, invoice)
    emit(call.store, "invoice.updated", invoice, before=before)
    return invoice


def remove_lines(call: Call) -> Json:
    """Take lines off a draft; `behavior` says whether their items are deleted or wait again."""
    invoice = call.store.get("invoice", call.ids["id"])
    refuse_unless_draft(invoice)
    before = snapshot(call.store, invoice)
    for entry in _lines(call, ("id", "behavior")):
        entry.needed("behavior")
        behavior = entry.choice("behavior", ("delete", "unassign"), "delete")
        line = call.store.named("line_item", entry.needed("id"), entry.name("id"))
        item = call.store.get("invoiceitem", line["_item"])
        detach_item(call.store, item)
        if behavior == "delete":
            call.store.discard("invoiceitem", item["id"])
    emit(call.store, "invoice.updated", invoice, before=before)
    return invoice


def _lines(call: Call, takes: tuple[str, ...]) -> list[Params]:
    lines = call.params.children("lines")
    if not lines:
        raise refused("Missing required param: lines.", code="parameter_missing", param="lines")
    for entry in lines:
        entry.refuse_others(takes)
    return lines


ROUTES = (
    Route("POST", "/v1/invoices", create_invoice, (*FIELDS, "currency", "customer", "pending_invoice_items_behavior")),
    *reading("invoice", "/v1/invoices", "customer", "status", "collection_method"),
    Route("POST", "/v1/invoices/{id}", update_invoice, FIELDS),
    Route("DELETE", "/v1/invoices/{id}", delete_invoice),
    Route("GET", "/v1/invoices/{id}/lines", list_lines, PAGING),
    Route("POST", "/v1/invoices/{id}/add_lines", add_lines, ("lines",)),
    Route("POST", "/v1/invoices/{id}/remove_lines", remove_lines, ("lines",)),
)
