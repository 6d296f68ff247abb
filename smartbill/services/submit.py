"""The engine: claims in batches and keeps calls in flight on threads. Only the main thread speaks to the database."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from config.kill_points import reach
from smartbill.errors import RestoreNeeded
from smartbill.journal import Journal, own_journal
from smartbill.models import Attempt
from smartbill.providers.base import Exchange
from smartbill.services.calls import Calls
from smartbill.services.claim import Claim, claim_due
from smartbill.services.guard import note_claims, stop_everybody
from smartbill.services.record import record_answer
from smartbill.services.record_stamped import record_stamped

logger = logging.getLogger(__name__)

ROUND = 0.1
"""Seconds for which the ends of calls are gathered, so that they cost one set of statements and not one each."""


def submit_due_documents(issuer_id: int) -> None:
    """Work off what an issuer has to send for at most the drain's budget, then let the calls in hand end.

    Ends at once when nothing is due or the channel is shut; the bell starts it anew when that has changed.
    """
    journal = own_journal()
    _return_unsent(journal)
    stop_claiming_at = time.monotonic() + settings.DRAIN["budget"]
    with ThreadPoolExecutor(max_workers=settings.DRAIN["threads"]) as threads:
        calls = Calls(threads, partial(_call, journal))
        while True:
            # Before the answers are recorded: a call that ends afterwards needs another round.
            busy = calls.in_hand > 0
            recorded = _record_answers(journal)
            claimed = _claim(calls, journal, issuer_id, stop_claiming_at)
            if not (busy or recorded or claimed):
                break
            calls.wait(ROUND)


def _return_unsent(journal: Journal) -> None:
    """Give back what this process claimed without knowing it, because the database went away during the commit.

    Nobody but this process could send it, and it did not: between two drains it has nothing in hand.
    """
    lost = Attempt.objects.open().filter(worker=journal.name).exclude(pk__in=journal.sent)
    for attempt_id in list(lost.values_list("pk", flat=True)):
        record_answer(attempt_id=attempt_id, exchange=Exchange(written=False, failure="the claim was not confirmed"))


def _claim(calls: Calls, journal: Journal, issuer_id: int, stop_claiming_at: float) -> int:
    """Claim what the channel lets through and return how much that was; with no place left, nothing more leaves.

    Once the drain's time is over nothing is claimed, but the channel still says how many of those in hand may leave.
    """
    in_hand = calls.in_hand
    room = settings.DRAIN["threads"] - in_hand if time.monotonic() < stop_claiming_at else 0
    if not (in_hand or room):
        return 0
    try:
        grant = claim_due(issuer_id=issuer_id, worker=journal.name, limit=room, in_hand=in_hand)
    except RestoreNeeded as error:
        logger.critical("issuer %s: nothing is sent. %s", issuer_id, error)
        stop_everybody(error)
        _give_back(calls.stop(), journal, "the database does not know what was sent last")
        return 0
    except (InterfaceError, OperationalError):
        # The calls in flight go on, and their answers are in the journal.
        logger.exception("issuer %s: nothing could be claimed", issuer_id)
        close_old_connections()
        _give_back(calls.stop(), journal, "the database was away")
        return 0
    if not _noted(grant.claims, journal):
        return 0
    if grant.places:
        calls.go_on(grant.claims, places=grant.places)
    else:
        _give_back(calls.stop(), journal, "the channel was stopped")
    return len(grant.claims)


def _give_back(claims: Sequence[Claim], journal: Journal, why: str) -> None:
    """End attempts whose calls have not begun; what is recorded next returns their documents."""
    journal.unrecorded |= {claim.attempt_id: Exchange(written=False, failure=why) for claim in claims}


def _noted(claims: Sequence[Claim], journal: Journal) -> bool:
    """Note outside of the database what is about to leave; what cannot be noted does not leave."""
    try:
        if claims:
            note_claims([claim.attempt_id for claim in claims], worker=journal.name)
    except OSError as error:
        logger.exception("%s attempts are not sent, because the record cannot be written", len(claims))
        _give_back(claims, journal, f"record: {error}")
        return False
    return True


def _call(journal: Journal, claim: Claim) -> None:
    """Send one request and journal its answer; runs in a thread, outside every transaction."""
    try:
        journal.sending(claim.attempt_id, claim.trace)
    except OSError as error:
        logger.exception("attempt %s: not sent, because the journal cannot be written", claim.attempt_id)
        _give_back([claim], journal, f"journal: {error}")
        return
    reach("pause_before_send")
    try:
        exchange = claim.provider.send(claim.request, claim.credentials, not_after=claim.not_after)
    except Exception as error:
        # The provider promises not to raise. If it does, nobody knows how far it came: that is doubt, not a crash.
        logger.exception("attempt %s: the call itself failed", claim.attempt_id)
        exchange = Exchange(written=True, failure=type(error).__name__)
    reach("after_answer")
    try:
        journal.answer(claim.attempt_id, exchange)
    except OSError:
        logger.exception("attempt %s: the answer is in memory only, until the database takes it", claim.attempt_id)
    reach("after_journal")


def _record_answers(journal: Journal) -> int:
    """Record the journalled answers and return how many; what cannot be taken now stays for the next round."""
    # What arrives while these are recorded is taken in the next round, together.
    answers = dict(journal.unrecorded)
    stamped = record_stamped(answers, worker=journal.name) if answers else set()
    for attempt_id in stamped:
        journal.forget(attempt_id)
    for attempt_id, exchange in answers.items():
        if attempt_id in stamped:
            continue
        try:
            record_answer(attempt_id=attempt_id, exchange=exchange, worker=journal.name)
        except (InterfaceError, OperationalError):
            logger.exception("attempt %s: the answer is journalled and will be recorded later", attempt_id)
            close_old_connections()
            break
        except Exception:
            # The database is there and this one answer does not fit: the document ends in doubt, the others go on.
            logger.exception("attempt %s: the answer is journalled but cannot be recorded", attempt_id)
        else:
            journal.forget(attempt_id)
    return sum(attempt_id not in journal.unrecorded for attempt_id in answers)
