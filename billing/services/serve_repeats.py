"""Events that say of an object what another one said: one reading of the object serves them all.

A backlog holds the same news of the same object many times over, and each reading of it costs a call to Stripe.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from billing.models import InboundEvent

State = InboundEvent.State

MOST = 1000
"""Events that one reading serves; what is left is served by the next one."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """The events that a reading serves, and in which condition they must still be to be closed with it."""

    keys: Sequence[int]
    untouched: Q


def repeats_of(event: InboundEvent, *, in_hand: Collection[int]) -> Repeats:
    """Return the events of the same type about the same object that wait, or that this worker has in hand as well.

    Call it before the object is read: what arrives later may tell of something newer than was read.
    """
    waits = Q(state__in=[State.NEW, State.RETRY])
    held = Q(state=State.PROCESSING, lease_until=event.lease_until, pk__in=list(in_hand))
    if not event.object_id:
        return Repeats([], waits)
    same = InboundEvent.objects.filter(
        waits | held, object_id=event.object_id, type=event.type, endpoint=event.endpoint_id, livemode=event.livemode
    )
    return Repeats(list(same.exclude(pk=event.pk).values_list("pk", flat=True)[:MOST]), waits | held)


def serve_repeats(repeats: Repeats) -> None:
    """Close the repeats of an event that was handled and mirrored, unless somebody has taken them meanwhile."""
    at = Value(now())
    InboundEvent.objects.filter(repeats.untouched, pk__in=repeats.keys).update(
        state=State.DONE,
        handled_at=Coalesce(F("handled_at"), at),
        mirrored_at=Coalesce(F("mirrored_at"), at),
        next_at=None,
        lease_until=None,
        last_error="",
        mirror_error="",
    )
