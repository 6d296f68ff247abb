"""The engine: claims in batches and keeps calls in flight on threads. Only the main thread speaks to the database."""

import logging
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from config.kill_points import reach
from smartbill.calls import LOOK, Calls
from smartbill.errors import RestoreNeeded
from smartbill.journal import Journal, own_journal
from smartbill.lifecycle import Operation, Outcome
from smartbill.models import Attempt
from smartbill.providers.base import Exchange
from smartbill.services.claim import Claim, Grant, claim_due
from smartbill.services.guard import agree, note_claims, stop_everybody
from smartbill.services.record import record_answer
from smartbill.services.record_stamped import record_stamped

logger = logging.getLogger(__name__)

ROUND = 0.1
"""Seconds for which the ends of calls are gathered, so that they cost one set of statements and not one each."""
PATIENCE = 2.5
"""Seconds: when a call takes longer, none is claimed ahead, because it might wait until it may not leave any more."""


def submit_due_documents(issuer_id: int) -> None:
    """Work off what an issuer has to send for at most the drain's budget, then let the calls on the wire end.

    Ends at once when nothing is due or the channel is shut; the bell starts it anew when that has changed.
    """
    with ThreadPoolExecutor(max_workers=settings.DRAIN["threads"]) as threads:
        drain = _Drain(issuer_id, own_journal(), threads)
        try:
            drain.run()
        finally:
            drain.stop("the drain ended")


class _Drain:
    """One turn of one issuer. What it leaves in the journal's memory is recorded by the next one, or by the sweep."""

    def __init__(self, issuer_id: int, journal: Journal, threads: Executor) -> None:
        self.issuer_id, self.journal = issuer_id, journal
        self.calls = Calls[Claim](threads, partial(_call, journal))
        self.stop_at = time.monotonic() + settings.DRAIN["budget"]
        self.uncertain = True
        """Whether attempts may have been claimed without this process knowing: a commit that nobody confirmed."""
        self.misfits: set[int] = set()
        """Attempts whose answers could not be recorded though the database is there; tried again by the next drain."""
        self.away = False

    def run(self) -> None:
        while True:
            # Looked at before the answers are recorded: a call that ends afterwards needs another round.
            busy = self.calls.in_hand > 0
            moved = self._round()
            if busy or moved:
                self.calls.wait(ROUND)
            elif self._has_rest() and time.monotonic() < self.stop_at:
                time.sleep(LOOK)
            else:
                return

    def stop(self, why: str) -> None:
        """Let nothing more begin; what waited is given back."""
        for claim in self.calls.stop():
            self.journal.not_begun(claim.attempt_id, why)

    def _round(self) -> int:
        """Record and claim, and return how much that was.

        While the database is away the calls on the wire go on, and their answers are in the journal.
        """
        try:
            recorded = self._record_answers()
            returned = self._return_unsent() if self.uncertain and not self.calls.in_hand else 0
            moved = recorded + returned + self._claim()
        except RestoreNeeded as error:
            self.stop("the database does not know what was sent last")
            self.stop_at = 0.0
            logger.critical("issuer %s: nothing is sent. %s", self.issuer_id, error)
            stop_everybody(error)
            return 0
        except (InterfaceError, OperationalError):
            self.stop("the database was away")
            self.uncertain = True
            if not self.away:
                logger.exception("issuer %s: the database is away", self.issuer_id)
            self.away = True
            close_old_connections()
            return 0
        self.away = False
        return moved

    def _has_rest(self) -> bool:
        return self.uncertain or bool(self.journal.unrecorded.keys() - self.misfits)

    def _return_unsent(self) -> int:
        """Give back what was claimed without our knowing it, because the database went away during the commit.

        Nobody but this process could send it, and it did not: it has no call in hand.
        """
        ours = Attempt.objects.open().filter(worker=self.journal.name).values_list("pk", flat=True)
        lost = set(ours) - self.journal.sent - self.journal.unrecorded.keys()
        if lost:
            # A database that came out of a backup has attempts open that ended long ago.
            agree()
        for attempt_id in lost:
            self.journal.not_begun(attempt_id, "the claim was not confirmed")
        self.uncertain = False
        return len(lost)

    def _claim(self) -> int:
        """Claim what the channel lets through and return how much that was; with no place left, nothing more begins."""
        left = self.stop_at - time.monotonic()
        slow = self.calls.take_longer_than(PATIENCE)
        if left <= 0:
            self.stop("the drain ended")
            return 0
        if slow:
            self.stop("the provider is slow")
        in_hand = self.calls.in_hand
        grant = claim_due(
            issuer_id=self.issuer_id,
            worker=self.journal.name,
            limit=settings.DRAIN["threads"] - in_hand,
            in_hand=in_hand,
            ahead=not slow and left > PATIENCE,
        )
        if not self._noted(grant):
            return 0
        if grant.places:
            self.calls.go_on(grant.claims, places=grant.places)
        else:
            self.stop("the channel was stopped")
        return len(grant.claims)

    def _noted(self, grant: Grant) -> bool:
        """Note outside of the database what is about to leave; what cannot be noted does not leave."""
        attempts = [claim.attempt_id for claim in grant.claims]
        try:
            if attempts:
                note_claims(attempts, worker=self.journal.name)
        except OSError as error:
            logger.exception("%s attempts are not sent, because the record cannot be written", len(attempts))
            for attempt_id in attempts:
                self.journal.not_begun(attempt_id, f"record: {error}", held_back=False)
            return False
        return True

    def _record_answers(self) -> int:
        """Record the journalled answers and return how many; what cannot be taken now stays for the next round."""
        # What arrives while these are recorded is taken in the next round, together.
        answers = {pk: answer for pk, answer in self.journal.unrecorded.copy().items() if pk not in self.misfits}
        plain = record_stamped(answers, worker=self.journal.name) if answers else set()
        for attempt_id in plain:
            self.journal.forget(attempt_id)
        for attempt_id in answers.keys() - plain:
            self._record_one(attempt_id, answers[attempt_id])
        return len(answers.keys() - self.misfits)

    def _record_one(self, attempt_id: int, exchange: Exchange) -> None:
        try:
            record_answer(attempt_id=attempt_id, exchange=exchange, worker=self.journal.name)
        except (InterfaceError, OperationalError):
            raise
        except Exception:
            # The database is there and this one answer does not fit: the document ends in doubt, the others go on.
            logger.exception("attempt %s: the answer is journalled but cannot be recorded", attempt_id)
            self.misfits.add(attempt_id)
        else:
            self.journal.forget(attempt_id)


def _call(journal: Journal, claim: Claim) -> bool:
    """Send one request, journal its answer and tell whether one came; runs in a thread, outside every transaction."""
    try:
        journal.sending(claim.attempt_id, claim.trace)
    except OSError as error:
        logger.exception("attempt %s: not sent, because the journal cannot be written", claim.attempt_id)
        journal.not_begun(claim.attempt_id, f"journal: {error}", held_back=False)
        return False
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
    return _is_verdict(claim, exchange)


def _is_verdict(claim: Claim, exchange: Exchange) -> bool:
    """Whether the provider said in so many words what became of it; anything else may be the beginning of an outage."""
    invalidates = claim.trace["operation"] == Operation.INVALIDATE
    classify = claim.provider.classify_invalidation if invalidates else claim.provider.classify_submission
    return classify(claim.request, exchange).outcome in (Outcome.ACCEPTED, Outcome.REJECTED)
