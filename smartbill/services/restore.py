"""After a restore: all that may have been sent since the backup becomes doubt, and a new life of the database begins.

Every step may be repeated: a run that was killed is carried on by the next one, with the ends that the first one wrote.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.services.alert import resolve_alert
from smartbill import sent_record
from smartbill.errors import PreconditionFailed, RecordMissing, RestoreNeeded
from smartbill.journal import kept, orphans, owners_at_work
from smartbill.models import Attempt, Document, Generation, LostSending, SendingHost
from smartbill.models.restore import last_known_moment, newest_generation
from smartbill.services.guard import ALERT, ALERT_KEY, agree, host_key, newest_attempt
from smartbill.services.restore_doubt import WAITING, doubt_all
from smartbill.services.restore_import import forgotten_sendings, import_journals
from smartbill.services.sweep import record_answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a person should see before the work is begun. `contradiction` is empty when nothing speaks of a restore."""

    contradiction: str
    last_known: datetime | None
    waiting: dict[str, int]
    forgotten: int
    unfinished: Generation | None


def look() -> Findings:
    """Return what database, record and journals say; changes nothing."""
    newest = newest_generation()
    by_status = Document.objects.filter(status__in=WAITING).order_by().values_list("status").annotate(Count("pk"))
    return Findings(
        contradiction=_contradiction(),
        last_known=last_known_moment(),
        waiting=dict(by_status),
        forgotten=forgotten_sendings(),
        unfinished=newest if newest is not None and newest.finished_at is None else None,
    )


def begin(*, since: datetime | None, journals_complete: bool, by: str, reason: str) -> Generation:
    """Begin the next life of the database, or carry on the one that was begun; from here on nobody sends.

    `since` is when the backup was made; without it, the last moment of which the database tells anything.
    Raises PreconditionFailed while a process of this host may still be sending, and for journals that are not complete.
    """
    if owners := owners_at_work():
        raise PreconditionFailed(_("Background work still runs here: %(names)s. Stop it first.") % {"names": owners})
    newest = newest_generation()
    if newest is not None and newest.finished_at is None:
        return newest
    if journals_complete:
        _require_newest_in_journals()
    until = now()
    last_known = last_known_moment() or until
    return Generation.objects.create(
        number=(newest.number if newest else 0) + 1,
        since=min(since or last_known, until),
        until=until,
        journals_complete=journals_complete,
        by=by,
        reason=reason,
        detail={"contradiction": _contradiction(), "last_known": last_known.isoformat()},
    )


def carry_out(generation: Generation) -> dict[str, int]:
    """Hand in the journals, put in doubt what may have been sent, and let sending begin; return what was done."""
    for journal in chain(kept(), orphans()):
        record_answers(journal)
    import_journals(generation)
    doubt_all(generation)
    done = {
        "forgotten": LostSending.objects.filter(generation=generation).exclude(worker="").count(),
        "in_doubt": Attempt.objects.filter(lost_sendings__generation=generation).distinct().count(),
    }
    finish(generation, done)
    return done


def finish(generation: Generation, done: dict[str, Any]) -> None:
    """Close the work: the database first, then the record of this host; other hosts follow when they start."""
    with transaction.atomic(durable=True):
        detail = {**generation.detail, **done}
        # What was contradicted is kept in the detail of the generation that mended it.
        Generation.objects.exclude(contradiction="").update(contradiction="")
        Generation.objects.filter(pk=generation.pk).update(finished_at=now(), detail=detail)
        for key in (ALERT_KEY, host_key()):
            resolve_alert(kind=ALERT, key=key, context=done)
    attempt, worker = newest_attempt()
    sent_record.begin(generation=generation.token, attempt=attempt, worker=worker)


def declare_current(*, by: str, reason: str) -> None:
    """Take a person's word that this database is the living one and only the record was lost.

    Raises PreconditionFailed where record or database contradict: then it was restored.
    """
    text = _contradiction()
    if text:
        raise PreconditionFailed(_("It was restored: %(why)s") % {"why": text})
    if forgotten_sendings():
        raise PreconditionFailed(_("It was restored: the journals know more than the database."))
    newest = newest_generation()
    generation = Generation.objects.create(number=(newest.number if newest else 0) + 1, by=by, reason=reason)
    finish(generation, {})


def retire_host(name: str) -> int:
    """No longer wait for a host that is gone for ever; return how many records had that name."""
    return SendingHost.objects.filter(name=name, retired_at=None).update(retired_at=now())


def _contradiction() -> str:
    try:
        agree()
    except RecordMissing:
        return ""
    except RestoreNeeded as error:
        return str(error)
    return ""


def _require_newest_in_journals() -> None:
    """Refuse the word that all journals are there when the one of the newest recorded attempt is not."""
    record = sent_record.read()
    if record is None or not record.attempt:
        return
    known = Attempt.objects.filter(pk=record.attempt, worker=record.worker).exists()
    if not known and not any(_knows(journal, record) for journal in chain(kept(), orphans())):
        text = _("The journal %(name)s is missing: it was the last to send.")
        raise PreconditionFailed(text % {"name": record.worker})


def _knows(journal: Any, record: sent_record.Record) -> bool:
    return bool(journal.name == record.worker and record.attempt in journal.sending)
