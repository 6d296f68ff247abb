"""What the events of a purchase mean: a sale is known from now on. The event's body serves as a hint of ids only.

The identity of a sale is its invoice; without one its payment intent; without both its checkout. An intent is looked
up among the payments of invoices before it may found a sale of its own.
"""

import json
from collections.abc import Mapping
from typing import Any

from billing import client
from billing.models import InboundEvent, StripeEndpoint
from billing.services.link_manual import hear_payment
from billing.services.register_sale import known_sale, register_sale
from billing.services.snapshot_sale import payments_listed
from billing.stripe_shapes import (
    StripeId,
    dig,
    id_of,
    ids_of_payment,
    invoice_is_paid,
    live_payments,
    session_is_settled,
)


def on_invoice_paid(*, event: InboundEvent) -> None:
    """An invoice is paid, through Stripe or outside it."""
    if not _knows("invoice", event.object_id):
        _announce_invoice(event.endpoint, event.object_id, even_unpaid=True)


def on_invoice_payment_paid(*, event: InboundEvent) -> None:
    """One of possibly several payments of an invoice arrived: a sale only when nothing more is owed."""
    invoice = id_of(hint_of(event).get("invoice")) or id_of(
        client.fetch_invoice_payment(event.object_id).get("invoice")
    )
    if invoice and not _knows("invoice", invoice):
        _announce_invoice(event.endpoint, invoice)


def on_checkout_session(*, event: InboundEvent) -> None:
    """A checkout was completed; one that is still to be paid is announced again when it is."""
    if _knows("checkout_session", event.object_id):
        return
    session = client.fetch_checkout_session(event.object_id)
    if session_is_settled(session):
        _announce_session(event.endpoint, session)


def on_payment_intent_succeeded(*, event: InboundEvent) -> None:
    """A payment succeeded: of an invoice, of a checkout, or of nothing else."""
    if not _knows("payment_intent", event.object_id):
        _announce_intent(event.endpoint, event.object_id, [])


def _knows(kind: str, stripe_id: str) -> bool:
    """Whether the id belongs to a sale; of one that a person entered, the payment is linked now."""
    sale = known_sale(kind, stripe_id)
    if sale is not None:
        hear_payment(sale, (kind, stripe_id))
    return sale is not None


def _register(endpoint: StripeEndpoint, key: str, ids: list[StripeId]) -> None:
    hear_payment(register_sale(endpoint=endpoint, key=key, ids=ids), ids[0])


def _announce_session(endpoint: StripeEndpoint, session: Mapping[str, Any]) -> None:
    ids: list[StripeId] = [("checkout_session", id_of(session))]
    invoice, intent = id_of(session.get("invoice")), id_of(session.get("payment_intent"))
    if invoice:
        _announce_invoice(endpoint, invoice, also=ids, even_unpaid=True)
    elif intent:
        _announce_intent(endpoint, intent, ids)
    else:
        _register(endpoint, f"checkout_session:{id_of(session)}", ids)


def _announce_intent(endpoint: StripeEndpoint, intent: str, also: list[StripeId]) -> None:
    invoices = {
        id_of(payment.get("invoice")) for payment in live_payments(client.fetch_invoice_payments(payment_intent=intent))
    }
    if invoices - {""}:
        for invoice in sorted(invoices - {""}):
            _announce_invoice(endpoint, invoice, also=also)
        return
    if not also and (session := client.fetch_session_of_intent(intent)):
        also = [("checkout_session", id_of(session))]
        if invoice := id_of(session.get("invoice")):
            _announce_invoice(endpoint, invoice, also=[*also, ("payment_intent", intent)], even_unpaid=True)
            return
    _register(endpoint, f"payment_intent:{intent}", [("payment_intent", intent), *also])


def _announce_invoice(
    endpoint: StripeEndpoint, invoice_id: str, *, also: list[StripeId] | None = None, even_unpaid: bool = False
) -> None:
    """Register the sale of an invoice with all its payments.

    `even_unpaid`: Stripe said that it is paid; should a fresh reading lag behind, the sale waits for it.
    """
    invoice = client.fetch_invoice(invoice_id)
    if not (even_unpaid or invoice_is_paid(invoice)):
        return
    ids: list[StripeId] = [("invoice", invoice_id), *(also or [])]
    for payment in live_payments(payments_listed(invoice)):
        ids += ids_of_payment(payment)
    _register(endpoint, f"invoice:{invoice_id}", ids)


def hint_of(event: InboundEvent) -> Mapping[str, Any]:
    """Return the object that the event's body shows; empty where it cannot be read. Only ids are taken from it."""
    try:
        found = dig(json.loads(bytes(event.body), parse_float=str), "data", "object")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}
