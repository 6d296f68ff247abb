"""`expand[]`: ids replaced by the objects they name, and the fields that exist only when asked for."""

from collections.abc import Callable
from typing import Any

from billing.sandbox.errors import Json, refused
from billing.sandbox.render import embedded, render, tax_ids_of
from billing.sandbox.shapes import copy_of
from billing.sandbox.store import Store

DEEPEST = 4

KIND_OF = {
    "balance_transaction": "balance_transaction",
    "charge": "charge",
    "coupon": "coupon",
    "credit_note": "credit_note",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "discount": "discount",
    "discounts": "discount",
    "dispute": "dispute",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "payment_record": "payment_record",
    "price": "price",
    "product": "product",
    "refund": "refund",
    "subscription": "subscription",
}


def expand(store: Store, wire: Json, paths: list[str]) -> None:
    """Expand every path in place (`wire` must be a copy). Paths of a list answer begin with `data.`, which counts."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise refused(f"You cannot expand more than {DEEPEST} levels of a property: {path}", param="expand")
        _walk(store, wire, steps, path)


def _walk(store: Store, node: Json, steps: list[str], path: str) -> None:
    if node.get("deleted"):
        return
    step, rest = steps[0], steps[1:]
    include = INCLUDABLE.get((node.get("object", ""), step))
    if include is not None and step not in node:
        node |= copy_of({step: include(store, node)})
    if (node.get("object"), steps) == ("checkout.session", ["total_details", "breakdown"]):
        node["total_details"]["breakdown"] = copy_of(store.get("checkout.session", node["id"])["_breakdown"])
        return
    if step not in node and not _is_optional(node, step):
        raise refused(f"This property cannot be expanded ({path}).", param="expand")
    value = node[step] = _opened(store, step, node.get(step), path)
    for child in value if isinstance(value, list) else [value]:
        if rest and isinstance(child, dict):
            _walk(store, child, rest, path)


def _is_optional(node: Json, step: str) -> bool:
    """A hash without `object` (payment, total_details) lacks the members that do not apply to it."""
    return "object" not in node and step in KIND_OF


def _opened(store: Store, step: str, value: Any, path: str) -> Any:
    if isinstance(value, list):
        return [_opened(store, step, item, path) for item in value]
    if not isinstance(value, str):
        return value
    if step not in KIND_OF:
        raise refused(f"This property cannot be expanded ({path}).", param="expand")
    found = store.find(KIND_OF[step], value)
    return value if found is None else copy_of(render(store, found))


def _tax_ids(store: Store, customer: Json) -> Json:
    rows = tax_ids_of(store, store.past("customer", customer["id"]))[::-1]
    return embedded(store, rows, f"/v1/customers/{customer['id']}/tax_ids")


def _empty(where: str) -> Callable[[Store, Json], Json]:
    return lambda store, node: embedded(store, [], where.format(id=node["id"]))


def _subscriptions(store: Store, customer: Json) -> Json:
    rows = [row for row in store.rows("subscription") if row["customer"] == customer["id"]]
    return embedded(store, rows, f"/v1/customers/{customer['id']}/subscriptions")


def _payments(store: Store, invoice: Json) -> Json:
    kept = store.get("invoice", invoice["id"])["_payments"]
    rows = [store.tables["invoice_payment"][payment] for payment in kept]
    return embedded(store, rows, f"/v1/invoice_payments?invoice={invoice['id']}")


def _off_stripe(store: Store, invoice: Json) -> int:
    return int(store.get("invoice", invoice["id"])["_paid_off_stripe"])


def _refunds(store: Store, charge: Json) -> Json:
    rows = [row for row in store.rows("refund") if row["charge"] == charge["id"]]
    return embedded(store, rows, f"/v1/charges/{charge['id']}/refunds")


def _items(store: Store, session: Json) -> Json:
    kept = store.get("checkout.session", session["id"])["_items"]
    rows = [store.tables["item"][item] for item in kept]
    return embedded(store, rows, f"/v1/checkout/sessions/{session['id']}/line_items")


def _kept(name: str) -> Callable[[Store, Json], Any]:
    """A field that the stored object keeps under a key of ours."""
    return lambda store, node: store.get(node["object"], node["id"])[name]


INCLUDABLE: dict[tuple[str, str], Callable[[Store, Json], Any]] = {
    ("customer", "tax_ids"): _tax_ids,
    ("customer", "sources"): _empty("/v1/customers/{id}/sources"),
    ("customer", "subscriptions"): _subscriptions,
    ("invoice", "payments"): _payments,
    ("invoice", "amount_paid_off_stripe"): _off_stripe,
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _items,
    ("item", "discounts"): _kept("_discounts"),
    ("item", "taxes"): _kept("_taxes"),
    ("coupon", "applies_to"): _kept("_applies_to"),
    ("coupon", "currency_options"): _kept("_currency_options"),
    ("price", "currency_options"): _kept("_currency_options"),
    ("price", "tiers"): _kept("_tiers"),
}
