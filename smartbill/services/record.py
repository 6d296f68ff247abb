"""The second half of the protocol: an answer becomes a verdict, once, behind a fence."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.kill_points import reach
from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import ApiKey, Attempt, Document
from smartbill.providers import provider_for
from smartbill.providers.base import Exchange, PreparedRequest, Verdict
from smartbill.services.accept import FIRST_READING, accept, mark_invalidated, without_clash
from smartbill.services.channel import note_answer, note_unknown, note_unreachable, pause_channel
from smartbill.services.doubt import reopen
from smartbill.services.record_late import record_late

logger = logging.getLogger(__name__)

BACKOFF = [5, 30, 120, 600, 1800]
"""Seconds before the next try of what was proved not to have left."""


def record_answer(*, attempt_id: int, exchange: Exchange, worker: str = "") -> None:
    """Classify an answer and write outcome, identifiers, event and delivery together.

    If the attempt was given up meanwhile, the answer is kept as evidence, and a success resolves the doubt.
    `worker` is who made the attempt: raises Attempt.DoesNotExist when a restored database has given its number anew.
    """
    attempt = Attempt.objects.select_related("document__issuer", "api_key").get(pk=attempt_id)
    if worker and attempt.worker != worker:
        raise Attempt.DoesNotExist(f"Attempt {attempt_id} is not of {worker}.")
    provider = provider_for(attempt.document.issuer)
    request = PreparedRequest(route=attempt.route, body=bytes(attempt.request))
    if attempt.operation == Operation.SUBMIT:
        verdict = provider.classify_submission(request, exchange)
    else:
        verdict = provider.classify_invalidation(request, exchange)
    with transaction.atomic(durable=True):
        verdict = without_clash(attempt.document, verdict)
        if _close(attempt, exchange, verdict):
            _apply(attempt, exchange, verdict)
        else:
            record_late(attempt, exchange, verdict)
        reach("before_commit")
    reach("after_commit")


def _close(attempt: Attempt, exchange: Exchange, verdict: Verdict) -> bool:
    """Write the outcome if nobody has; the fence of the protocol."""
    return bool(
        Attempt.objects.filter(pk=attempt.pk, outcome=None).update(
            outcome=verdict.outcome,
            finished_at=now(),
            http_status=exchange.status,
            answer=exchange.body,
            note="\n".join(part for part in (verdict.note, exchange.failure) if part),
            problems=[problem.as_json() for problem in verdict.problems],
            seen_code=verdict.look_up,
        )
    )


def _apply(attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    document = Document.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=attempt.document_id)
    _note_key(attempt, verdict)
    _note_channel(document, exchange, verdict)
    table = SUBMISSION if attempt.operation == Operation.SUBMIT else INVALIDATION
    table[Outcome(verdict.outcome)](document, attempt, exchange, verdict)


def _note_channel(document: Document, exchange: Exchange, verdict: Verdict) -> None:
    if verdict.pause:
        pause_channel(document.issuer_id, until=now() + timedelta(seconds=verdict.pause), why=verdict.note)
    if verdict.outcome == Outcome.UNKNOWN:
        note_unknown(document.issuer, verdict.note)
    elif exchange.unreachable:
        note_unreachable(document.issuer, verdict.note)
    elif verdict.outcome != Outcome.NOT_SENT:
        note_answer(document.issuer)


def _note_key(attempt: Attempt, verdict: Verdict) -> None:
    key, at = attempt.api_key, now()
    changes: dict[str, object] = {"last_used_at": at}
    if verdict.stop_key:
        changes |= {"stopped_at": at, "last_error": verdict.note[:300]}
        logger.error("API key %s of issuer %s was refused and is stopped", key.pk, key.issuer_id)
    ApiKey.objects.filter(pk=key.pk).update(**changes)


# A submission


def _submission_accepted(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    accept(document, verdict.identifiers)


def _submission_rejected(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    reasons = [str(problem.message) for problem in verdict.problems] or [verdict.note]
    if document.twin_code:
        document.move_to(Status.READY, reason="\n".join(reasons))
        reopen(document)
        return
    document.move_to(Status.REJECTED, reason="\n".join(reasons))


def _submission_not_sent(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    tries = _tries(document, exchange, verdict)
    document.move_to(Status.READY, reason=verdict.note, next_at=_next_try(tries), tries=tries)
    if document.twin_code:
        reopen(document)


def _submission_unknown(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    document.move_to(Status.UNKNOWN, reason=verdict.note, next_at=now() if verdict.look_up else None)


SUBMISSION = {
    Outcome.ACCEPTED: _submission_accepted,
    Outcome.REJECTED: _submission_rejected,
    Outcome.NOT_SENT: _submission_not_sent,
    Outcome.UNKNOWN: _submission_unknown,
}


# An invalidation


def _invalidation_accepted(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    mark_invalidated(document, at=verdict.identifiers.issued_at)


def _invalidation_rejected(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    reasons = [str(problem.message) for problem in verdict.problems] or [verdict.note]
    reason = _("The invalidation was refused: %(why)s") % {"why": "\n".join(reasons)}
    # Read at once: an earlier attempt whose answer was lost may be why there is nothing left to invalidate.
    document.move_to(Status.STAMPED, reason=reason, next_at=now() + FIRST_READING)


def _invalidation_not_sent(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    tries = _tries(document, exchange, verdict)
    if tries > len(BACKOFF):
        reason = _("The invalidation could not be sent: %(why)s") % {"why": verdict.note}
        document.move_to(Status.STAMPED, reason=reason)
    else:
        Document.objects.filter(pk=document.pk).update(next_at=_next_try(tries), tries=tries)


def _invalidation_unknown(document: Document, attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    document.move_to(Status.INVALIDATION_UNKNOWN, reason=verdict.note, next_at=now() + FIRST_READING)


INVALIDATION = {
    Outcome.ACCEPTED: _invalidation_accepted,
    Outcome.REJECTED: _invalidation_rejected,
    Outcome.NOT_SENT: _invalidation_not_sent,
    Outcome.UNKNOWN: _invalidation_unknown,
}


def _tries(document: Document, exchange: Exchange, verdict: Verdict) -> int:
    """Count a try against the document only where it may be its own fault: the channel's troubles stop the channel."""
    innocent = verdict.stop_key or verdict.pause or exchange.unreachable or exchange.held_back
    return document.tries + (0 if innocent else 1)


def _next_try(tries: int) -> datetime:
    """Return when to try again what was proved not to have left. It never gives up: the document is owed."""
    return now() + timedelta(seconds=BACKOFF[min(tries, len(BACKOFF)) - 1] if tries else 0)
