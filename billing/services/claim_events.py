"""Take events from the inbox and put them back: every write is fenced by the lease of the claim.

Attempts are counted in the claim, so that an event which kills its worker runs out of attempts too.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import LeaseLost
from billing.models import InboundEvent

State = InboundEvent.State

MOST_ATTEMPTS = 8
FIRST_PAUSE = 15
GROWTH = 4
LONGEST_PAUSE = 6 * 60 * 60
SHORT_PAUSE = timedelta(milliseconds=500)


def lease_length() -> timedelta:
    """How long a worker may hold an event: its task is killed before that."""
    return timedelta(seconds=settings.Q_CLUSTER["timeout"] + 30)


def claim_events(*, limit: int) -> list[InboundEvent]:
    """Take up to `limit` due events; nobody else gets them before their lease ends.

    Those that dead workers left come first, then what is due longest.
    """
    at = now()
    lease = at + lease_length()
    with transaction.atomic(durable=True):
        open_events = InboundEvent.objects.filter(attempts__lt=MOST_ATTEMPTS).select_for_update(skip_locked=True)
        # One query for both would sort the whole backlog for each claim: no index serves an OR in order.
        rows = list(open_events.left_behind(at).order_by("lease_until")[:limit])
        rows += open_events.waiting(at).order_by("next_at", "id")[: limit - len(rows)]
        InboundEvent.objects.filter(pk__in=[row.pk for row in rows]).update(
            state=State.PROCESSING, attempts=F("attempts") + 1, lease_until=lease
        )
    for row in rows:
        row.state, row.attempts, row.lease_until = State.PROCESSING, row.attempts + 1, lease
    return rows


def bury_exhausted() -> int:
    """Give up the events whose last attempt ended with the death of its worker; return how many there were."""
    left = InboundEvent.objects.filter(state=State.PROCESSING, lease_until__lt=now(), attempts__gte=MOST_ATTEMPTS)
    handled = left.exclude(handled_at=None).update(state=State.DONE, lease_until=None, next_at=None)
    error = _("The worker stopped in the middle of every attempt.")
    return handled + left.update(state=State.DEAD, lease_until=None, next_at=None, last_error=error)


def write(event: InboundEvent, **changes: object) -> None:
    """Write to an event that we hold, or raise LeaseLost."""
    held = InboundEvent.objects.filter(pk=event.pk, state=State.PROCESSING, lease_until=event.lease_until)
    if not held.update(**changes):
        raise LeaseLost
    for name, value in changes.items():
        setattr(event, name, value)


def close(event: InboundEvent, state: InboundEvent.State) -> None:
    """Let go of an event for good."""
    write(event, state=state, lease_until=None, next_at=None)


def close_all(events: Sequence[InboundEvent], state: InboundEvent.State) -> None:
    """Let go for good of events that were claimed together; one whose lease has passed on is left to its new holder."""
    if events:
        held = InboundEvent.objects.filter(state=State.PROCESSING, lease_until=events[0].lease_until)
        held.filter(pk__in=[event.pk for event in events]).update(state=state, lease_until=None, next_at=None)


def postpone(event: InboundEvent, *, retry_after: int | None = None) -> None:
    """Let go of an event until its next attempt, or for good after the last one.

    An event that was handled is never dead: what it lacks is its copy in the mirror, and `mirror_error` says so.
    """
    if event.attempts >= MOST_ATTEMPTS:
        close(event, State.DONE if event.handled_at else State.DEAD)
        return
    pause = max(pause_before(event.attempts + 1), retry_after or 0)
    write(event, state=State.RETRY, lease_until=None, next_at=now() + timedelta(seconds=pause))


def give_back(event: InboundEvent) -> None:
    """Let go of an event that was not tried at all: the attempt does not count."""
    untried = event.attempts == 1
    write(
        event,
        state=State.NEW if untried else State.RETRY,
        attempts=event.attempts - 1,
        lease_until=None,
        next_at=_soon(),
    )


def pause_before(attempt: int) -> float:
    """Seconds to wait before an attempt (the second is the first one waited for): 15 s, 1 min, 4 min … 6 h, ±25 %.

    The eight attempts span about eleven hours, so that an outage of Stripe or a wrong key leaves time to mend it.
    """
    pause = float(min(FIRST_PAUSE * GROWTH ** (attempt - 2), LONGEST_PAUSE))
    return pause * random.uniform(0.75, 1.25)  # noqa: S311 - spreads the load, hides nothing


def _soon() -> datetime:
    return now() + SHORT_PAUSE * random.uniform(1, 2)  # noqa: S311 - as above
