"""What the outside sees of a stored object: our own keys removed, embedded lists cut at their first page."""

from collections.abc import Callable

from billing.sandbox.errors import Json
from billing.sandbox.store import Store

EMBEDDED = 10


def render(store: Store, row: Json) -> Json:
    """The object as it goes over the wire, nothing expanded."""
    wire = {key: value for key, value in row.items() if not key.startswith("_")}
    embed = EMBEDS.get(row["object"])
    if embed is not None and not row.get("deleted"):
        wire.update(embed(store, row))
    return wire


def embedded(store: Store, rows: list[Json], url: str) -> Json:
    """A list inside an object: the first ten rows and whether there are more."""
    data = [render(store, row) for row in rows[:EMBEDDED]]
    return {"object": "list", "data": data, "has_more": len(rows) > EMBEDDED, "url": url}


def _invoice(store: Store, row: Json) -> Json:
    lines = [store.tables["line_item"][line] for line in row["_lines"]]
    buyer = buyer_of(store, row["customer"]) if row["status"] == "draft" else {}
    return {"lines": embedded(store, lines, f"/v1/invoices/{row['id']}/lines"), **buyer}


def buyer_of(store: Store, customer: str) -> Json:
    """What an invoice says of its buyer: it follows the customer until the invoice is finalised."""
    row = store.past("customer", customer)
    if row.get("deleted"):
        return {}
    tax_ids = tax_ids_of(store, row)
    fields = {f"customer_{name}": row[name] for name in ("address", "email", "name", "phone", "shipping", "tax_exempt")}
    return {**fields, "customer_tax_ids": [{"type": entry["type"], "value": entry["value"]} for entry in tax_ids]}


def tax_ids_of(store: Store, customer: Json) -> list[Json]:
    """The customer's tax ids, oldest first."""
    return [store.past("tax_id", identifier) for identifier in customer.get("_tax_ids", ())]


def _credit_note(store: Store, row: Json) -> Json:
    lines = [store.tables["credit_note_line_item"][line] for line in row["_lines"]]
    return {"lines": embedded(store, lines, f"/v1/credit_notes/{row['id']}/lines")}


def _subscription(store: Store, row: Json) -> Json:
    items = [store.tables["subscription_item"][item] for item in row["_items"]]
    return {"items": embedded(store, items, f"/v1/subscription_items?subscription={row['id']}")}


def _event(store: Store, row: Json) -> Json:
    return {"pending_webhooks": int(row["id"] in store.webhooks_pending)}


EMBEDS: dict[str, Callable[[Store, Json], Json]] = {
    "invoice": _invoice,
    "credit_note": _credit_note,
    "subscription": _subscription,
    "event": _event,
}
