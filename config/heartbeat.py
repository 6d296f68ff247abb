"""Signs of life of background work: of the whole, of each host, and of each periodic job.

The row `worker` is written by the process that records results, when the minutely task has come back: it proves the
whole round of schedule, queue, worker and results. Django-Q's own `Stat` says "Working" on a dead cluster. A job has a
row of its own from the moment its schedule is installed, so that one that never ran is missed as well.
"""

import logging
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils.timezone import now

from config.models import Heartbeat

WORKER = "worker"
HOST = "host:"
BEAT_TASK = "config.tasks.beat"
MISSED = 3
"""A job is late when this many of its intervals have passed without success."""

logger = logging.getLogger(__name__)


def beat(name: str, detail: str = "") -> None:
    """Note that `name` is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now(), "detail": detail[:200]})


def this_host() -> str:
    """Return the row name of the machine on which this process runs."""
    return f"{HOST}{socket.gethostname()}"[:80]


def expect(name: str) -> None:
    """Miss `name` from now on, if it is not missed already."""
    Heartbeat.objects.get_or_create(name=name, defaults={"beat_at": now(), "detail": "installed"})


def forget(name: str) -> None:
    """Miss `name` no longer: it has said goodbye."""
    Heartbeat.objects.filter(name=name).delete()


def silence(name: str, at: datetime) -> timedelta | None:
    """Return how long ago `name` was last alive, or None if it never was."""
    beat_at = Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
    return None if beat_at is None else at - beat_at


def patience(name: str) -> timedelta:
    """Return after how much silence `name` is missed."""
    if name in settings.SCHEDULES:
        _task, minutes = settings.SCHEDULES[name]
        return MISSED * timedelta(minutes=minutes)
    return timedelta(seconds=settings.QWORKER["silence"])


def late(beats: Mapping[str, datetime], at: datetime) -> dict[str, timedelta]:
    """Return the names that are missed, each with its silence."""
    return {name: at - beat_at for name, beat_at in beats.items() if at - beat_at > patience(name)}


def worker_is_alive(at: datetime) -> bool:
    """Whether some cluster has finished a round within the time the watchdog allows."""
    return has_beaten(silence(WORKER, at))


def has_beaten(quiet: timedelta | None) -> bool:
    """Whether a silence of the worker is no longer than the watchdog allows; None is one that never was alive."""
    return quiet is not None and quiet <= patience(WORKER)


def on_result_recorded(*, task: dict[str, Any], **_signal: Any) -> None:
    """Write the rows of the job whose success was recorded; Django-Q calls this in its monitor process."""
    if not task["success"]:
        return
    job = task.get("group")
    names = [WORKER] if task["func"] == BEAT_TASK else []
    try:
        for name in [*names, *([job] if job in settings.SCHEDULES else [])]:
            beat(name, socket.gethostname())
    except DatabaseError:
        # An error here would end the monitor, and with it the record of results that did come back.
        logger.warning("The heartbeat could not be written.", exc_info=True)
