"""What the events of refunds, credit notes and disputes mean: of a sale that we know, Stripe is asked what went back.

A hint and no more: whichever of them comes, how often and in which order, all that Stripe holds against the sale is
read anew. Of a sale that nobody has announced yet there is nothing to do: its snapshot will say what went back before.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from billing import client
from billing.models import InboundEvent, Sale
from billing.services.announce_sale import hint_of
from billing.stripe_shapes import StripeId, id_of

PAYMENT = ("payment_intent", "charge")


def on_charge_refunded(*, event: InboundEvent) -> None:
    """Money of a charge went back."""
    search(("charge", event.object_id), ("payment_intent", id_of(hint_of(event).get("payment_intent"))))


def on_refund(*, event: InboundEvent) -> None:
    """A refund was made, went on, failed or was cancelled."""
    search(*_named(event, PAYMENT, client.fetch_refund))


def on_credit_note(*, event: InboundEvent) -> None:
    """A credit note was made, changed or voided."""
    search(*_named(event, ("invoice",), client.fetch_credit_note))


def on_dispute_closed(*, event: InboundEvent) -> None:
    """A bank decided about a dispute."""
    search(*_named(event, PAYMENT, client.fetch_dispute))


def on_invoice_given_up(*, event: InboundEvent) -> None:
    """An invoice was voided or written off."""
    search(("invoice", event.object_id))


def search(*ids: StripeId) -> None:
    """Have Stripe asked what went back of the sales with these ids."""
    known = Q(pk__in=[])
    for kind, stripe_id in ids:
        if stripe_id:
            known |= Q(aliases__kind=kind, aliases__stripe_id=stripe_id)
    sales = Sale.objects.filter(known).values("pk")
    Sale.objects.filter(pk__in=sales).update(search_at=now(), searches=0)


def _named(event: InboundEvent, names: tuple[str, ...], fetch: Callable[[str], Mapping[str, Any]]) -> list[StripeId]:
    """Return the ids that the event's object names; where the body names none, the object is read."""
    hint = hint_of(event)
    found = [(name, id_of(hint.get(name))) for name in names]
    if not any(stripe_id for _name, stripe_id in found):
        content = fetch(event.object_id)
        found = [(name, id_of(content.get(name))) for name in names]
    return found
