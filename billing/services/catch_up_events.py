"""Find the events that no webhook brought, by walking Stripe's own list of events.

The list comes newest first, so it is walked in windows, oldest first: `caught_up_to` moves on after each of them, and a
backlog of weeks is worked off over as many runs as it takes.
"""

import json
import logging
import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic

from django.conf import settings
from django.db.models import Q
from django.utils.timezone import now

from billing.client import StripeObject, list_events
from billing.dispatch import handler_for
from billing.models import InboundEvent, StripeEndpoint
from billing.services.receive_event import Unusable, heading_of, insert_event
from billing.time_limit import time_limit, work_seconds
from config.queue import enqueue

logger = logging.getLogger(__name__)

OVERLAP = timedelta(hours=1)
KEPT_BY_STRIPE = timedelta(days=30)
LONGEST_WINDOW = timedelta(days=1)
SHORTEST_WINDOW = timedelta(minutes=1)
MOST_IN_A_WINDOW = 1000
CHUNK = 100


def catch_up_events() -> int:
    """Insert what is missing for every enabled endpoint of the key's mode; return how many events were inserted.

    Ends with the budget of a drain, and is called again at once when that was not enough. Raises billing.errors when
    Stripe cannot be read: what was found so far stays, and the next walk begins again at the last whole window.
    """
    deadline = monotonic() + settings.DRAIN["budget"]
    endpoints = StripeEndpoint.objects.filter(enabled=True, livemode=settings.STRIPE_LIVE_MODE)
    with time_limit(work_seconds()):
        walks = [_catch_up(endpoint, deadline) for endpoint in endpoints.order_by("pk")]
    if not all(finished for _inserted, finished in walks):
        enqueue("billing.tasks.catch_up_events")
    return sum(inserted for inserted, _finished in walks)


def start_of_walk(endpoint: StripeEndpoint, at: datetime) -> datetime:
    """Where to begin: an hour before the last walk, for events that Stripe listed late. The first walk begins with
    the endpoint, because sales from before it are not ours to document."""
    since = endpoint.caught_up_to - OVERLAP if endpoint.caught_up_to else endpoint.created_at
    return max(since, at - KEPT_BY_STRIPE)


def _catch_up(endpoint: StripeEndpoint, deadline: float) -> tuple[int, bool]:
    """Walk until now or the deadline; return how many events were inserted and whether the walk got to now.

    Whatever the budget, a walk gets beyond the end of the last one: the overlap alone would be no progress.
    """
    at = now()
    place = start_of_walk(endpoint, at)
    known = max(endpoint.caught_up_to or place, place)
    length, inserted = LONGEST_WINDOW, 0
    while place < at and (place <= known or monotonic() < deadline):
        until = min(place + length, at)
        found, whole = _walk(endpoint, place, until)
        inserted += found
        if whole:
            place = until
            _remember(endpoint, place)
        else:
            length = (until - place) / 2
    if inserted:
        logger.warning("Endpoint %s: %s events had not arrived by webhook.", endpoint.uuid, inserted)
    return inserted, place >= at


def _walk(endpoint: StripeEndpoint, since: datetime, until: datetime) -> tuple[int, bool]:
    """Insert what is missing of one window; return how many events that were, and whether the window was walked whole:
    one that holds too many is left when it can be shorter."""
    most = MOST_IN_A_WINDOW if until - since > SHORTEST_WINDOW else math.inf
    inserted = 0
    events = list_events(created_gte=int(since.timestamp()), created_lte=int(until.timestamp()))
    for count, chunk in enumerate(_chunks(events)):
        if count * CHUNK >= most:
            return inserted, False
        inserted += _insert_missing(endpoint, chunk)
    return inserted, True


def _chunks(events: Iterator[StripeObject]) -> Iterator[list[StripeObject]]:
    while chunk := list(islice(events, CHUNK)):
        yield chunk


def _remember(endpoint: StripeEndpoint, place: datetime) -> None:
    # Forwards only: the overlap lies behind, and another worker may be ahead.
    further = Q(caught_up_to=None) | Q(caught_up_to__lt=place)
    StripeEndpoint.objects.filter(further, pk=endpoint.pk).update(caught_up_to=place)


def _insert_missing(endpoint: StripeEndpoint, events: Sequence[StripeObject]) -> int:
    """Insert the unknown events of a chunk. Types that we ignore are left with Stripe: no webhook owes them to us."""
    ids = [str(event.get("id")) for event in events]
    known = set(InboundEvent.objects.filter(event_id__in=ids).values_list("event_id", flat=True))
    return sum(
        _insert_one(endpoint, event)
        for event, event_id in zip(events, ids, strict=True)
        if event_id not in known and handler_for(str(event.get("type")))
    )


def _insert_one(endpoint: StripeEndpoint, event: StripeObject) -> bool:
    try:
        heading = heading_of(event)
    except Unusable:
        logger.error("Endpoint %s: the event list holds an event that cannot be read.", endpoint.uuid)
        return False
    if heading.livemode != endpoint.livemode:
        return False
    body = json.dumps(event, ensure_ascii=True).encode()
    return insert_event(endpoint=endpoint, heading=heading, body=body, origin=InboundEvent.Origin.CATCH_UP)
