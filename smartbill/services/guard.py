"""The restore guard: nobody sends from a database that does not know what was sent last.

Before the first byte of a batch leaves, its newest attempt is written to a record outside of the database. A database
that does not know this attempt came out of a backup. Whoever finds that out writes it into the database as well, so
that every other host stops at its next claim. `manage.py after_restore` begins the next generation.
"""

import os
import socket
from collections.abc import Iterable

from django.db import connection
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.services.alert import raise_alert
from smartbill import sent_record
from smartbill.errors import GenerationChanged, RecordMissing, RestoreNeeded
from smartbill.models import Attempt, Generation, LostSending, SendingHost
from smartbill.models.restore import newest_generation
from smartbill.sent_record import Record

ALERT, ALERT_KEY = "restore_needed", "database"

at_start: dict[int, tuple[str, int | None]] = {}
"""By process: the generation it began in, and the inode of the SQLite file it opened."""


def agree() -> Record:
    """Return the record when it and the database agree, or raise RestoreNeeded. Writes nothing.

    Called within the transaction of every claim: two reads by key and a small file.
    """
    generation, record = newest_generation(), sent_record.read()
    if generation is not None:
        _refuse_while_stopped(generation)
    if record is None:
        raise RecordMissing(
            _("This host has no record of what was sent last: %(path)s.") % {"path": sent_record.path()}
        )
    if generation is None:
        raise RestoreNeeded(_("The database has never sent anything, but this host has."))
    if record.generation != generation.token:
        _refuse_other_generation(record)
    if record.attempt and not Attempt.objects.filter(pk=record.attempt, worker=record.worker).exists():
        text = _("Attempt %(number)s was sent by %(worker)s, and the database does not know it.")
        raise RestoreNeeded(text % {"number": record.attempt, "worker": record.worker})
    _refuse_under_this_process(generation)
    return record


def begin_if_first() -> None:
    """Begin the first life of the database: of a new installation, or of one that this guard is new to.

    Outside of any transaction: the row must be there before the record that names it.
    """
    if sent_record.read() is not None:
        return
    generation = newest_generation()
    if generation is None:
        # Another process may be first: then its row is the one.
        generation, _made = Generation.objects.get_or_create(number=1, defaults={"finished_at": now()})
    elif generation.number > 1 or Attempt.objects.exists():
        return
    attempt, worker = newest_attempt()
    sent_record.begin(generation=generation.token, attempt=attempt, worker=worker)


def note_claims(attempt_ids: Iterable[int], *, worker: str) -> None:
    """Write the newest of these committed attempts to the record; raises OSError, and then none of them may leave."""
    sent_record.advance(attempt=max(attempt_ids), worker=worker)


def stop_everybody(error: RestoreNeeded) -> None:
    """Write into the database that nobody may send, and warn people. Only who has seen a contradiction calls this."""
    if isinstance(error, GenerationChanged):
        return
    if isinstance(error, RecordMissing):
        raise_alert(kind=ALERT, key=host_key(), context={"name": str(error)})
        return
    generation = newest_generation()
    if generation is not None:
        Generation.objects.filter(pk=generation.pk, contradiction="").update(contradiction=str(error))
    raise_alert(kind=ALERT, key=ALERT_KEY, context={"name": str(error)})


def host_key() -> str:
    """Return the key of the alert about this host alone."""
    return f"{ALERT_KEY}:{socket.gethostname()}"[:120]


def unknown_to_database(worker: str, attempt_ids: Iterable[int]) -> set[int]:
    """Return which of these journalled attempts the database does not know, neither as such nor as forgotten ones."""
    sent = set(attempt_ids)
    known = Attempt.objects.filter(pk__in=sent, worker=worker).values_list("pk", flat=True)
    forgotten = LostSending.objects.filter(attempt_key__in=sent, worker=worker).values_list("attempt_key", flat=True)
    return sent - set(known) - set(forgotten)


def newest_attempt() -> tuple[int, str]:
    """Return key and worker of the newest attempt that the database knows."""
    return Attempt.objects.order_by("-id").values_list("pk", "worker").first() or (0, "")


def count_agreement(record: Record, *, sure: bool) -> None:
    """Renew the record, and tell the other hosts through the database that this one agrees with it."""
    attempt, worker = newest_attempt()
    sent_record.renew(attempt=attempt, worker=worker)
    host = Q(token=record.host)
    changes = {"agreed": F("agreed") + 1, "sure": F("sure") + int(sure), "seen_at": now()}
    if not SendingHost.objects.filter(host).update(**changes):
        SendingHost.objects.get_or_create(token=record.host, defaults={"name": socket.gethostname()})


def _refuse_while_stopped(generation: Generation) -> None:
    if generation.contradiction:
        raise RestoreNeeded(generation.contradiction)
    if generation.finished_at is None:
        raise RestoreNeeded(_("`manage.py after_restore` has begun and not ended: run it again."))


def _refuse_other_generation(record: Record) -> None:
    if Generation.objects.filter(token=record.generation).exists():
        raise GenerationChanged(_("A restored backup was dealt with meanwhile; background work starts anew."))
    raise RestoreNeeded(_("The record of this host belongs to a later life of the database."))


def _refuse_under_this_process(generation: Generation) -> None:
    """Refuse when the database was exchanged since this process first looked at it."""
    seen = at_start.setdefault(os.getpid(), (generation.token, _inode()))
    if seen[0] != generation.token:
        raise GenerationChanged(_("A restored backup was dealt with meanwhile; background work starts anew."))
    if seen[1] != _inode():
        raise GenerationChanged(_("The database file was exchanged under this process; it starts anew."))


def _inode() -> int | None:
    """Return the inode of an SQLite file: a process goes on with the one it opened, whatever took its place."""
    name = str(connection.settings_dict["NAME"])
    return os.stat(name).st_ino if connection.vendor == "sqlite" and os.path.exists(name) else None
