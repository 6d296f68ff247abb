"""May this host begin to send? Its own record answers for what it sent; for the others' sendings others must vouch.

A host that was hardly away has seen all that was sent. One without a record, or that was away for longer, waits until
a host that is sure says so again, or until every other host has found its own record in agreement with the database.
"""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError
from django.utils.translation import gettext as _

from notifications.services.alert import resolve_alert
from smartbill import sent_record
from smartbill.errors import RecordMissing, RestoreNeeded
from smartbill.journal import only_sweeper, orphans
from smartbill.models import Generation, SendingHost
from smartbill.models.restore import newest_generation
from smartbill.sent_record import Record
from smartbill.services.guard import (
    ALERT,
    agree,
    begin_if_first,
    count_agreement,
    host_key,
    newest_attempt,
    stop_everybody,
    unknown_to_database,
)
from smartbill.services.restore_import import import_journals

logger = logging.getLogger(__name__)

HARDLY_AWAY = 600
"""Seconds without an agreement after which a host cannot answer for what others sent meanwhile."""
PATIENCE = 60
LOOK_EVERY = 5.0

Beats = dict[str, tuple[int, int]]


def join_senders(*, patience: float = PATIENCE, sleep: Callable[[float], None] = time.sleep) -> None:
    """Return when this host may send, or raise RestoreNeeded with what has to be done; waits for other hosts."""
    begin_if_first()
    _enter_newer_generation()
    before, ends_at = _beats_of_others(), time.monotonic() + patience
    while True:
        record = _own_record()
        if _is_sure(record, before):
            break
        if record is not None:
            count_agreement(record, sure=False)
        if time.monotonic() > ends_at or (record is None and not before):
            raise RecordMissing(_what_to_do(record, before))
        sleep(1)
    if record is None:
        attempt, worker = newest_attempt()
        generation = newest_generation()
        record = sent_record.begin(generation=generation.token if generation else "", attempt=attempt, worker=worker)
    count_agreement(record, sure=True)
    resolve_alert(kind=ALERT, key=host_key())


class Sentry:
    """Looks after the record while background work runs; `still_agrees()` may be called as often as one likes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.looked_at = clock()
        self.agrees = True

    def still_agrees(self) -> bool:
        """Whether background work may go on; a database that is away contradicts nothing."""
        if self.clock() - self.looked_at < LOOK_EVERY:
            return True
        self.looked_at = self.clock()
        try:
            count_agreement(agree(), sure=True)
        except RestoreNeeded as error:
            stop_everybody(error)
            self.agrees = False
        except DatabaseError:
            logger.warning("The record of what was sent could not be compared.")
        return self.agrees


def _own_record() -> Record | None:
    """Return this host's record, found in agreement with the database together with its journals."""
    try:
        record = agree()
    except RecordMissing:
        return None
    # Beside a sweep of another cluster of this host, which must not take what we look at for a living one's.
    with only_sweeper():
        for orphan in orphans():
            if forgotten := unknown_to_database(orphan.name, orphan.sending):
                text = _("The journal %(name)s knows %(count)s sent attempts that the database does not.")
                raise RestoreNeeded(text % {"name": orphan.name, "count": len(forgotten)})
    return record


def _enter_newer_generation() -> None:
    """Follow an `after_restore` that was run elsewhere: hand in what this host's journals know of the lost time."""
    record, generation = sent_record.read(), newest_generation()
    if record is None or generation is None or generation.finished_at is None or record.generation == generation.token:
        return
    if Generation.objects.filter(token=record.generation).exists():
        import_journals(generation)
        attempt, worker = newest_attempt()
        sent_record.begin(generation=generation.token, attempt=attempt, worker=worker)


def _beats_of_others() -> Beats:
    record = sent_record.read()
    others = SendingHost.objects.others(record.host if record else "")
    return {host.token: (host.agreed, host.sure) for host in others}


def _is_sure(record: Record | None, before: Beats) -> bool:
    if record is not None and (not before or time.time() - record.at < HARDLY_AWAY):
        return True
    beats = _beats_of_others()
    if any(beats[token][1] > sure for token, (_agreed, sure) in before.items() if token in beats):
        return True
    still_silent = [token for token, (agreed, _sure) in before.items() if token in beats and beats[token][0] <= agreed]
    return record is not None and not still_silent


def _what_to_do(record: Record | None, before: Beats) -> str:
    names = ", ".join(SendingHost.objects.filter(token__in=before, retired_at=None).values_list("name", flat=True))
    if record is None and not names:
        return _(
            "This host has no record of what was sent last (%(path)s), so a restored database could not be told from "
            "the living one. After a restore run `manage.py after_restore`; if only the record was lost, "
            "`manage.py after_restore --current`."
        ) % {"path": sent_record.path()}
    return _(
        "Other hosts sent from this database and none of them vouches for it: %(names)s. Start them, or name one that "
        "is gone for ever: `manage.py after_restore --retire NAME`."
    ) % {"names": names}
