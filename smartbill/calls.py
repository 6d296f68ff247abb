"""The calls that a drain has in hand: those on the wire, and a few more that take their places as they end."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Call = TypeVar("Call")
LOOK = 0.2
"""Seconds after which the drain looks at its tables again, although no call has ended."""


class Calls(Generic[Call]):
    """Makes calls on threads, never more at once than it was last told, in the order in which they were claimed.

    `make` makes one call and returns whether it was answered. After one that was not, no other begins until the drain
    has recorded it and says again how many may: otherwise those that wait would follow it into the same hole.
    """

    def __init__(self, threads: Executor, make: Callable[[Call], bool]) -> None:
        self._threads, self._make = threads, make
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._waiting: deque[Call] = deque()
        self._begun_monotonic: dict[int, float] = {}
        self._places = 0
        self._last = 0.0

    @property
    def in_hand(self) -> int:
        """How many calls have been claimed and have not ended."""
        with self._lock:
            return len(self._begun_monotonic) + len(self._waiting)

    def take_longer_than(self, seconds: float) -> bool:
        """Whether the last call that ended, or one that has not, took so long."""
        with self._lock:
            oldest = min(self._begun_monotonic.values(), default=None)
            return self._last > seconds or (oldest is not None and time.monotonic() - oldest > seconds)

    def go_on(self, calls: Sequence[Call], *, places: int) -> None:
        """Take these calls, and let as many be on the wire from now on."""
        with self._lock:
            self._waiting.extend(calls)
            self._places = places
            startable = min(len(self._waiting), places - len(self._begun_monotonic))
        for _thread in range(startable):
            self._threads.submit(self._work)

    def stop(self) -> list[Call]:
        """Let nothing more begin; return the calls that have not."""
        with self._lock:
            self._places = 0
            waiting = list(self._waiting)
            self._waiting.clear()
        return waiting

    def wait(self, seconds: float) -> None:
        """While calls are in hand, wait for these seconds, and up to LOOK until one of them has ended."""
        if self.in_hand:
            ends_at = time.monotonic() + seconds
            self._ended.wait(LOOK)
            time.sleep(max(0.0, ends_at - time.monotonic()))
            self._ended.clear()

    def _work(self) -> None:
        while (call := self._next()) is not None:
            answered = False
            try:
                answered = self._make(call)
            except Exception:
                # Its attempt stays open and ends in doubt at its deadline; its place must not be lost with it.
                logger.exception("A call broke off.")
            with self._lock:
                self._last = time.monotonic() - self._begun_monotonic.pop(threading.get_ident())
                if not answered:
                    self._places = 0
            self._ended.set()

    def _next(self) -> Call | None:
        with self._lock:
            if not self._waiting or len(self._begun_monotonic) >= self._places:
                return None
            self._begun_monotonic[threading.get_ident()] = time.monotonic()
            return self._waiting.popleft()
