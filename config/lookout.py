"""Who notices that work has stopped, and how the warning leaves when the worker that sends mails is the one missed.

A living worker's main process looks at jobs and at the other hosts. Of the death of all workers only the web can tell:
it looks when it is asked for its health (`/readyz`, `/readyz/worker`; the container's own health check asks every 15
seconds), and sends that warning itself, on a thread, so that no prober waits for a mail server.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Lock, Thread
from time import monotonic
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, connections
from django.urls import reverse
from django.utils.timezone import now

from config.alarms import raise_alarm_of_the_journal
from config.heartbeat import HOST, WORKER, beat, forget, has_beaten, late, patience, silence, this_host
from config.models import Heartbeat
from notifications.models import Alert
from notifications.services.alert import raise_alert, resolve_alert
from notifications.services.send_posts import send_due_posts
from notifications.services.send_urgent import send_urgent_messages

LOOK_EVERY = 30.0
SURE_AFTER = 30.0
FORGET_AFTER = timedelta(days=1)
EVERYBODY = "all"
"""The key of the alert that no worker at all gives a sign of life."""

logger = logging.getLogger(__name__)


class Finding(NamedTuple):
    kind: str
    key: str


class Lookout:
    """Looks for what is missed, from the main process of a worker; call `look()` as often as you like.

    After a start or an outage of the database the rows are old for a good reason, so only silence that this process
    could have heard counts.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.sure_since = clock()
        self.looked_at = float("-inf")

    def look(self) -> None:
        """Sign on, raise what is missed, resolve what is back; at most every `LOOK_EVERY` seconds."""
        if self.clock() - self.looked_at < LOOK_EVERY:
            return
        self.looked_at = self.clock()
        try:
            self._look(now())
        except DatabaseError:
            # The bell reports the outage.
            self.sure_since = self.clock()

    def cry(self) -> None:
        """Note that the cluster hangs and is about to be ended; the next one, or the web, sends the warning."""
        try:
            raise_absent(silence(WORKER, now()), now())
        except DatabaseError:
            logger.warning("The warning could not be written.", exc_info=True)

    def sign_off(self) -> None:
        """Leave no row that others would miss: this host stops on purpose."""
        try:
            forget(this_host())
        except DatabaseError:
            logger.warning("The host could not sign off; others will miss it.", exc_info=True)

    def _look(self, at: datetime) -> None:
        beat(this_host())
        Heartbeat.objects.filter(name__startswith=HOST, beat_at__lt=at - FORGET_AFTER).delete()
        missed = late(dict(Heartbeat.objects.values_list("name", "beat_at")), at)
        listened = timedelta(seconds=self.clock() - self.sure_since)
        for name in missed if WORKER not in missed else [WORKER]:  # without a worker no job runs: one alert, not six
            if listened > patience(name):
                raise_alert(**finding_of(name)._asdict(), context=words_of(name, at - missed[name]))
        still = {finding_of(name) for name in missed}
        for finding in open_findings():
            if finding not in still:
                resolve_alert(**finding._asdict())
        raise_alarm_of_the_journal(this_host())


def finding_of(name: str) -> Finding:
    """Return the alert of a missed row."""
    if name in settings.SCHEDULES:
        return Finding("worker_stuck", name)
    return Finding("worker_absent", EVERYBODY if name == WORKER else name)


def words_of(name: str, since: datetime | None) -> dict[str, str]:
    """Return what the alert tells of a missed row."""
    words = {"since": f"{since:%Y-%m-%d %H:%M} UTC"} if since else {}
    if name == WORKER:
        return {"name": "", **words}
    if name.startswith(HOST):
        path = reverse("admin:config_heartbeat_changelist") + "?problem=hosts"
        return {"name": name.removeprefix(HOST), "path": path, **words}
    return {"name": name, **words}


def raise_absent(quiet: timedelta | None, at: datetime) -> None:
    """Raise the alert that no worker at all gives a sign of life; None if there never was one."""
    context = words_of(WORKER, at - quiet if quiet is not None else None)
    raise_alert(**finding_of(WORKER)._asdict(), context=context)


def open_findings() -> Iterator[Finding]:
    """Return the open alerts that a lookout may have raised."""
    rows = Alert.objects.open().filter(kind__in=["worker_absent", "worker_stuck"])
    return (Finding(kind, key) for kind, key in rows.values_list("kind", "key"))


class WebLookout:
    """Warns of the death of all workers, told of the worker's silence by whoever asked for health."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self.silent_since: float | None = None
        self.sending = Lock()

    def hear(self, quiet: timedelta | None, at: datetime) -> None:
        """Raise the alert of a silence that was heard for `SURE_AFTER` seconds, and see that its mails leave.

        Nothing is read while the worker is alive. A house in which none ever was is warned when its jobs are late.
        """
        if has_beaten(quiet):
            self.silent_since = None
            return
        if self.silent_since is None:
            self.silent_since = self.clock()
        if self.clock() - self.silent_since < SURE_AFTER:
            return
        try:
            if quiet is None and not late(dict(Heartbeat.objects.values_list("name", "beat_at")), at):
                return
            raise_absent(quiet, at)
        except DatabaseError:
            logger.warning("The warning could not be written; the next look tries again.", exc_info=True)
        else:
            self._send()

    def _send(self) -> None:
        if self.sending.acquire(blocking=False):
            Thread(target=self._send_and_release, name="urgent-mails", daemon=True).start()

    def _send_and_release(self) -> None:
        """The thread dies with its process; what it had claimed is then swept like any message of a dead sender."""
        try:
            send_urgent_messages()
            send_due_posts()
        except DatabaseError:
            logger.warning("The warning could not be sent; the next look tries again.", exc_info=True)
        finally:
            connections.close_all()
            self.sending.release()


web = WebLookout()
"""The one of this process."""
