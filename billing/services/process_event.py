"""Do what an event means for us, then let the mirror follow. Each step has its own result and its own retry."""

import logging
from collections.abc import Collection
from time import monotonic

from django.conf import settings
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.client import redact
from billing.dispatch import handler_for
from billing.errors import LeaseLost, NotAnId, ObjectBusy, PreconditionFailed, Unavailable
from billing.models import InboundEvent
from billing.services.claim_events import bury_exhausted, claim_events, close, close_all, give_back, postpone, write
from billing.services.lease_objects import keys_of, leased
from billing.services.mirror_event import mirror_event
from billing.services.serve_repeats import repeats_of, serve_repeats
from billing.time_limit import time_limit, work_seconds

logger = logging.getLogger(__name__)

BATCH = 10
LONGEST_ERROR = 2000


def process_due_events() -> int:
    """Work off due events for the budget of a drain plus the last event; return how many were taken up."""
    end = monotonic() + settings.DRAIN["budget"]
    taken = 0
    bury_exhausted()
    while monotonic() < end and (batch := claim_events(limit=BATCH)):
        meaningless = [event for event in batch if handler_for(event.type) is None]
        close_all(meaningless, InboundEvent.State.IGNORED)
        taken += len(meaningless)
        in_hand = {event.pk: event for event in batch if event not in meaningless}
        while in_hand:
            event = in_hand.pop(next(iter(in_hand)))
            if monotonic() < end:
                for served in process_event(event, in_hand=in_hand.keys()):
                    in_hand.pop(served, None)
                taken += 1
            else:
                give_back(event)
    return taken


def process_event(event: InboundEvent, *, in_hand: Collection[int] = ()) -> Collection[int]:
    """Process an event that we have claimed; return the events that needed no processing of their own any more.

    `in_hand` are the keys of others that were claimed together with it.
    """
    try:
        return _take_steps_alone(event, in_hand)
    except LeaseLost:
        logger.warning("Event %s took longer than its lease; another worker has it now.", event.pk)
    return ()


def _take_steps_alone(event: InboundEvent, in_hand: Collection[int]) -> Collection[int]:
    is_untouched = event.handled_at is None and event.mirrored_at is None
    try:
        with leased(keys_of(event)), time_limit(work_seconds()):
            repeats = repeats_of(event, in_hand=in_hand) if is_untouched else None
            _take_steps(event)
            if repeats and repeats.keys and event.state == InboundEvent.State.DONE:
                serve_repeats(repeats)
                return repeats.keys
    except ObjectBusy:
        give_back(event)
    return ()


def _take_steps(event: InboundEvent) -> None:
    """What the event means comes first: a slow or broken mirror must not delay a document."""
    problem = None
    if event.handled_at is None:
        problem = _handle(event)
    if isinstance(problem, NotAnId):
        # Signed, and still unusable: no later attempt reads another id from it.
        close(event, InboundEvent.State.DEAD)
        return
    if event.mirrored_at is None:
        problem = _mirror(event) or problem
    if event.handled_at and event.mirrored_at:
        close(event, InboundEvent.State.DONE)
    else:
        postpone(event, retry_after=problem.retry_after if isinstance(problem, Unavailable) else None)


def _handle(event: InboundEvent) -> Exception | None:
    handler = handler_for(event.type)
    try:
        if event.livemode != settings.STRIPE_LIVE_MODE:
            raise PreconditionFailed(_("STRIPE_API_KEY is of the other mode than this event."))
        if handler:
            handler(event=event)
    except Exception as error:
        _log("not handled", event, error)
        write(event, last_error=_words(error))
        return error
    # Written at once: a worker that dies in the mirror must not do this step again.
    write(event, handled_at=now(), last_error="")
    return None


def _mirror(event: InboundEvent) -> Exception | None:
    try:
        mirror_event(event)
    except Exception as error:
        _log("not mirrored", event, error)
        write(event, mirror_error=_words(error))
        return error
    write(event, mirrored_at=now(), mirror_error="")
    return None


def _log(what: str, event: InboundEvent, error: Exception) -> None:
    # The class alone: messages of databases and of Stripe quote the data of customers.
    logger.warning("Event %s (%s) %s, attempt %s: %s", event.pk, event.type, what, event.attempts, type(error).__name__)


def _words(error: Exception) -> str:
    """An error for the event's page: its class, its text, no key, and nothing that the database cannot store."""
    text = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode().replace("\x00", "")
    return redact(text)[:LONGEST_ERROR]
