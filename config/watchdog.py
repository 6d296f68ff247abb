"""Tells a cluster that has fallen silent from one that is busy, idle, or cut off from its database."""

import logging
from collections.abc import Callable
from ctypes import c_double
from datetime import timedelta
from multiprocessing.sharedctypes import RawValue
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils.timezone import now

from config.heartbeat import WORKER, silence

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0


class Watchdog:
    """Counts as silence only the time in which the database could be read and neither sign of life came.

    The heartbeat row is shared by all hosts, so a cluster also counts its own recorded results: under load the beat may
    wait behind other tasks, and to kill calls in flight for that would put their documents in doubt.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        # Written by the monitor process: CLOCK_MONOTONIC is one clock for all processes of the machine.
        self.result_at = RawValue(c_double, clock())
        self.looked_at = self.sure_since = clock()

    def on_result_recorded(self, **_signal: Any) -> None:
        """Receive Django-Q's `post_execute` in the monitor process."""
        self.result_at.value = self.clock()

    def has_fallen_silent(self) -> bool:
        """Whether the cluster should be aborted; reads the database at most every `LOOK_EVERY` seconds."""
        if self.clock() - self.looked_at < LOOK_EVERY:
            return False
        self.looked_at = self.clock()
        limit = timedelta(seconds=settings.QWORKER["silence"])
        try:
            quiet = silence(WORKER, now())
        except DatabaseError:
            # The bell reports the outage. What could not be written does not count as silence.
            self.sure_since = self.clock()
            return False
        own_quiet = self.clock() - max(self.sure_since, self.result_at.value)
        return own_quiet > limit.total_seconds() and (quiet is None or quiet > limit)
