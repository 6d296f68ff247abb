"""What dead workers left behind: journalled answers are recorded, the rest becomes doubt. Nothing is sent again."""

import logging

from django.db import InterfaceError, OperationalError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import RestoreNeeded
from smartbill.journal import Orphan, only_sweeper, orphans, remove_old_journals
from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import Attempt, Document
from smartbill.providers.base import Exchange
from smartbill.services.accept import FIRST_READING
from smartbill.services.guard import stop_everybody, unknown_to_database
from smartbill.services.record import record_answer
from smartbill.services.restore_doubt import doubt_what_came_back

logger = logging.getLogger(__name__)


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
    for attempt_id in list(Attempt.objects.overdue(now()).values_list("pk", flat=True)):
        give_up(attempt_id)


def _replay(orphan: Orphan) -> None:
    recorded = record_answers(orphan)
    open_attempts = Attempt.objects.open().filter(worker=orphan.name)
    for attempt_id in list(open_attempts.exclude(pk__in=orphan.sending).values_list("pk", flat=True)):
        # The owner is dead (its lock was free) and never wrote that it was about to send.
        record_answer(attempt_id=attempt_id, exchange=Exchange(written=False, failure="worker died before sending"))
    if forgotten := unknown_to_database(orphan.name, orphan.sending):
        text = _("The journal %(name)s knows %(count)s sent attempts that the database does not.")
        stop_everybody(RestoreNeeded(text % {"name": orphan.name, "count": len(forgotten)}))
    elif recorded and not open_attempts.exists():
        orphan.put_aside()


def record_answers(journal: Orphan) -> bool:
    """Record what a journal knows and the database does not; tell whether all of it could be recorded."""
    # By worker as well: after a restore the numbers of attempts are given out anew.
    known = set(Attempt.objects.filter(pk__in=journal.answers, worker=journal.name).values_list("pk", flat=True))
    return all([_recorded(attempt_id, journal.answers[attempt_id]) for attempt_id in sorted(known)])


def _recorded(attempt_id: int, exchange: Exchange) -> bool:
    """Record one answer; one that does not fit is logged and kept, and holds up neither the others nor the sweep."""
    try:
        _record_if_open(attempt_id, exchange)
    except (InterfaceError, OperationalError):
        raise
    except Exception:
        logger.exception("attempt %s: its journalled answer cannot be recorded", attempt_id)
        return False
    return True


def _record_if_open(attempt_id: int, exchange: Exchange) -> None:
    attempt = Attempt.objects.get(pk=attempt_id)
    if attempt.outcome is None or (attempt.outcome == Outcome.UNKNOWN and not _kept(attempt, exchange)):
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
