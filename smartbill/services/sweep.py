"""What dead workers left behind: journalled answers are recorded, the rest becomes doubt. Nothing is sent again."""

import logging
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from django.db import InterfaceError, OperationalError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import RestoreNeeded
from smartbill.journal import Orphan, answers_in, only_sweeper, orphans, remove_old_journals
from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import Attempt, Document
from smartbill.providers.base import Exchange
from smartbill.services.accept import FIRST_READING
from smartbill.services.guard import stop_everybody, unknown_to_database
from smartbill.services.record import record_answer
from smartbill.services.restore_doubt import doubt_what_came_back

logger = logging.getLogger(__name__)

UNSENT = Exchange(written=False, held_back=True, failure="its worker never began to send")


def sweep_attempts() -> None:
    """Replay the journals of dead workers, then give up every open attempt past its deadline.

    Once more: documents that came back after a restore meet what journals know of them.
    """
    # One at a time: who found a journal locked by another sweep would give up what it proves.
    with only_sweeper():
        for orphan in orphans():
            _replay(orphan)
    remove_old_journals()
    doubt_what_came_back()
    _end_overdue()


def _replay(orphan: Orphan) -> None:
    recorded = record_answers(orphan)
    open_attempts = Attempt.objects.open().filter(worker=orphan.name)
    # The owner is dead (its lock was free) and never wrote that it was about to send.
    unsent = Attempt.objects.unproved().filter(worker=orphan.name) if orphan.is_whole else Attempt.objects.none()
    for attempt_id in set(unsent.values_list("pk", flat=True)) - orphan.sending:
        _done(attempt_id, partial(record_answer, attempt_id=attempt_id, exchange=UNSENT))
    if forgotten := unknown_to_database(orphan.name, orphan.sending):
        text = _("The journal %(name)s knows %(count)s sent attempts that the database does not.")
        stop_everybody(RestoreNeeded(text % {"name": orphan.name, "count": len(forgotten)}))
    elif recorded and not open_attempts.exists():
        orphan.put_aside()


def record_answers(journal: Orphan) -> bool:
    """Record what a journal knows and the database does not; tell whether all of it could be recorded."""
    # By worker as well: after a restore the numbers of attempts are given out anew.
    known = set(Attempt.objects.filter(pk__in=journal.answers, worker=journal.name).values_list("pk", flat=True))
    return all([_done(pk, partial(_record_if_open, pk, journal.answers[pk])) for pk in sorted(known)])


def _done(attempt_id: int, work: Callable[[], None]) -> bool:
    """Do it; what fails for one attempt holds up neither the others nor the sweep, and is tried again by the next."""
    try:
        work()
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        logger.exception("attempt %s cannot be ended", attempt_id)
        return False
    return True


def _end_overdue() -> None:
    """End the open attempts past their deadline: by the answer in the journal of their worker, or as a doubt.

    The worker lives, or its journal would have been replayed; it may be idle and never look at its memory again. That
    its journal has no line proves nothing: by its own clock it may still be about to send.
    """
    overdue: dict[str, list[int]] = defaultdict(list)
    for attempt_id, worker in Attempt.objects.overdue(now()).values_list("pk", "worker"):
        overdue[worker].append(attempt_id)
    for worker, attempt_ids in overdue.items():
        answers = answers_in(worker, set(attempt_ids))
        for attempt_id in attempt_ids:
            answer = answers.get(attempt_id)
            if answer is None or not _done(attempt_id, partial(record_answer, attempt_id=attempt_id, exchange=answer)):
                _done(attempt_id, partial(give_up, attempt_id))


def _record_if_open(attempt_id: int, exchange: Exchange) -> None:
    attempt = Attempt.objects.get(pk=attempt_id)
    # One that stands as not sent although it was answered: a database that forgot the answer believed so.
    denied = attempt.outcome == Outcome.NOT_SENT and exchange.written
    doubtful = attempt.outcome == Outcome.UNKNOWN or denied
    if attempt.outcome is None or (doubtful and not _kept(attempt, exchange)):
        record_answer(attempt_id=attempt_id, exchange=exchange)


def _kept(attempt: Attempt, exchange: Exchange) -> bool:
    return bytes(attempt.answer or b"") == exchange.body or attempt.evidence.filter(answer=exchange.body).exists()


def give_up(attempt_id: int) -> None:
    """Turn an open attempt past its deadline into doubt; a late answer still counts."""
    note = _("No answer was recorded before the deadline.")
    with transaction.atomic(durable=True):
        fence = Attempt.objects.filter(pk=attempt_id, outcome=None)
        if not fence.update(outcome=Outcome.UNKNOWN, finished_at=now(), note=note):
            return
        attempt = Attempt.objects.get(pk=attempt_id)
        document = Document.objects.select_for_update().get(pk=attempt.document_id)
        if attempt.operation == Operation.SUBMIT:
            document.move_to(Status.UNKNOWN, reason=note)
        else:
            document.move_to(Status.INVALIDATION_UNKNOWN, reason=note, next_at=now() + FIRST_READING)
