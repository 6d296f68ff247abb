"""Look once a minute whether the inbox is worked off, and clear away what dead workers left."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import now

from billing.models import InboundEvent
from billing.services.claim_events import bury_exhausted
from billing.services.lease_objects import drop_expired_leases

logger = logging.getLogger(__name__)

LATE = timedelta(minutes=2)
State = InboundEvent.State


@dataclass(frozen=True, slots=True)
class InboxState:
    """How the inbox stands: what waits for a worker too long, and what waits for a person."""

    late: int
    given_up: int
    oldest_due_at: datetime | None


def sweep_events() -> InboxState:
    """Give up what killed its worker each time, drop leases of the dead, and raise the alarm where it is due.

    Nothing has to be offered again: an event whose lease ended is due like a new one.
    """
    bury_exhausted()
    drop_expired_leases()
    state = inbox_state()
    if state.late:
        logger.error("%s Stripe events have been due for more than %s: are the workers running?", state.late, LATE)
    if state.given_up:
        logger.error("%s Stripe events were given up and wait for a person.", state.given_up)
    return state


def inbox_state() -> InboxState:
    """Count the late and the given up."""
    at = now()
    late = InboundEvent.objects.due(at - LATE)
    oldest = late.order_by("next_at").values_list("next_at", flat=True).first()
    return InboxState(late=late.count(), given_up=InboundEvent.objects.dead().count(), oldest_due_at=oldest)
