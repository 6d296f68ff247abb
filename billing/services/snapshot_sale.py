"""Everything that Stripe says about a sale, read fresh and complete, and made fit to be frozen for ever.

Complete: all lines beyond the first page, all payments of the invoice with their charges, the customer with tax ids,
the products and tax rates of the lines, and the checkout in which the buyer typed their tax data. For a renewal that is
the checkout that began the subscription.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing import client
from billing.errors import Gone
from billing.stripe_shapes import (
    Shape,
    StripeId,
    dig,
    id_of,
    ids_of_payment,
    invoice_is_paid,
    live_payments,
    product_of,
    rows,
    subscription_of,
    tax_rates_of,
)
from billing.texts import SIGN_FOR_NUL

# What grants access to somebody who holds it, and what identifies a card, has no place in a record kept for years.
DROPPED = frozenset({"client_secret", "fingerprint", "hosted_invoice_url", "invoice_pdf", "receipt_url", "url"})


@dataclass(slots=True)
class Evidence:
    """The content of a snapshot and every id of the sale that was learnt on the way."""

    content: dict[str, Any] = field(default_factory=dict)
    ids: set[StripeId] = field(default_factory=set)


def fetch_evidence(known: Collection[StripeId]) -> Evidence:
    """Read everything about the sale with these ids. Raises billing.errors; never called inside a transaction."""
    found = Evidence(ids=set(known))
    session: Shape | None = next(
        (client.fetch_checkout_session(cs) for cs in _of_kind(found.ids, "checkout_session")), None
    )
    invoice_id = next(iter(_of_kind(found.ids, "invoice")), "") or id_of(dig(session, "invoice"))
    if not invoice_id:
        _read_payments(found)
        session = session or _session_of_intents(found)
        invoice_id = id_of(dig(session, "invoice")) or _invoice_of_intents(found)
    found.content["session"] = session
    if invoice_id:
        _read_invoice(found, invoice_id)
    elif session is not None:
        found.content["session_lines"] = client.fetch_session_lines(id_of(session))
    _read_context(found)
    if found.content["session"]:
        found.ids.add(("checkout_session", id_of(found.content["session"])))
    found.content = plain({"schema": 1, **found.content})
    return found


def _of_kind(ids: Iterable[StripeId], kind: str) -> list[str]:
    return sorted(stripe_id for name, stripe_id in ids if name == kind)


def _read_payments(found: Evidence) -> None:
    intents = {pi: client.fetch_payment_intent(pi) for pi in _of_kind(found.ids, "payment_intent")}
    found.content["intents"] = intents
    for intent in intents.values():
        if charge := id_of(intent.get("latest_charge")):
            found.ids.add(("charge", charge))


def _session_of_intents(found: Evidence) -> Shape | None:
    sessions = (client.fetch_session_of_intent(pi) for pi in _of_kind(found.ids, "payment_intent"))
    return next((session for session in sessions if session), None)


def _invoice_of_intents(found: Evidence) -> str:
    for intent in _of_kind(found.ids, "payment_intent"):
        for payment in live_payments(client.fetch_invoice_payments(payment_intent=intent)):
            if invoice := id_of(payment.get("invoice")):
                return invoice
    return ""


def _read_invoice(found: Evidence, invoice_id: str) -> None:
    content = found.content
    invoice = client.fetch_invoice(invoice_id)
    found.ids.add(("invoice", invoice_id))
    content["invoice"] = invoice
    if not invoice_is_paid(invoice):
        return
    content["payments"] = live_payments(payments_listed(invoice))
    for payment in content["payments"]:
        found.ids |= set(ids_of_payment(payment))
    if before_basil := id_of(invoice.get("payment_intent")):
        found.ids.add(("payment_intent", before_basil))
    _read_payments(found)
    content["charges"] = {ch: client.fetch_charge(ch) for ch in _charges_without_intent(content, invoice)}
    content["lines"] = _all_lines(invoice)
    if content["session"] is None:
        _find_session(found, invoice)


def payments_listed(invoice: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return all payments of an invoice: those it carries when they are complete, else from their own list."""
    carried = invoice.get("payments")
    if carried is not None and dig(carried, "has_more") is False:
        return rows(carried)
    return list(client.fetch_invoice_payments(invoice=id_of(invoice)))


def _charges_without_intent(content: Shape, invoice: Shape) -> list[str]:
    listed = [id_of(dig(payment, "payment", "charge")) for payment in content["payments"]]
    return sorted({*listed, "" if content["intents"] else id_of(invoice.get("charge"))} - {""})


def _all_lines(invoice: Shape) -> list[Shape]:
    if dig(invoice, "lines", "has_more") is False:
        return rows(invoice["lines"])
    return list(client.fetch_invoice_lines(id_of(invoice)))


def _find_session(found: Evidence, invoice: Shape) -> None:
    """The checkout behind an invoice: what the buyer typed there counts, whichever event came first."""
    subscription = subscription_of(invoice)
    session = client.fetch_session_of_subscription(subscription) if subscription else _session_of_intents(found)
    if session is None:
        return
    own = not subscription or id_of(session.get("invoice")) == id_of(invoice)
    found.content["session" if own else "signup_session"] = session


def _read_context(found: Evidence) -> None:
    content = found.content
    founder: Shape = content.get("invoice") or content["session"] or next(iter(content.get("intents", {}).values()), {})
    content["customer"] = _customer(founder)
    lines = [*content.get("lines", []), *content.get("session_lines", [])]
    bare = {id_of(product_of(line)) for line in lines if not isinstance(product_of(line), Mapping)} - {""}
    content["products"] = {product: _or_none(client.fetch_product, product) for product in sorted(bare)}
    shipping = dig(content.get("invoice"), "shipping_cost") or {}
    rates = set().union(*(tax_rates_of(line) for line in [*content.get("lines", []), shipping]))
    content["tax_rates"] = {rate: _or_none(client.fetch_tax_rate, rate) for rate in sorted(rates)}


def _customer(founder: Shape) -> Shape | None:
    customer = founder.get("customer")
    if isinstance(customer, Mapping):
        return customer
    return _or_none(client.fetch_customer, customer) if customer else None


def _or_none(fetch: Any, stripe_id: str) -> Shape | None:
    """A deleted customer, product or rate is missed by the rules, where it matters, and not by us."""
    try:
        found: Shape = fetch(stripe_id)
    except Gone:
        return None
    return found


def plain(value: Any) -> Any:
    """Return JSON that every database keeps exactly: no float, no U+0000, no half of a pair, nothing that unlocks."""
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(row) for key, row in value.items() if key not in DROPPED}
    if isinstance(value, list | tuple):
        return [plain(row) for row in value]
    if isinstance(value, str):
        return value.replace("\x00", SIGN_FOR_NUL).encode("utf-8", "replace").decode("utf-8")
    return str(value) if isinstance(value, float | Decimal) else value
