"""The calls that a drain has in hand: those on the wire, and a few more that take their places as they end."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from smartbill.services.claim import Claim

logger = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds after which the drain looks at its tables again, although no call has ended."""


class Calls:
    """Makes calls on threads, never more at once than it was last told, in the order in which they were claimed."""

    def __init__(self, threads: Executor, call: Callable[[Claim], None]) -> None:
        self._threads, self._call = threads, call
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._waiting: deque[Claim] = deque()
        self._on_the_wire = self._places = 0

    @property
    def in_hand(self) -> int:
        """How many calls have been claimed and have not ended."""
        with self._lock:
            return self._on_the_wire + len(self._waiting)

    def go_on(self, claims: Sequence[Claim], *, places: int) -> None:
        """Take these claims, and let as many calls be on the wire from now on."""
        with self._lock:
            self._waiting.extend(claims)
            self._places = places
            startable = min(len(self._waiting), places - self._on_the_wire)
        for _thread in range(startable):
            self._threads.submit(self._work)

    def stop(self) -> list[Claim]:
        """Let nothing more leave; return the claims whose calls have not begun."""
        with self._lock:
            self._places = 0
            waiting = list(self._waiting)
            self._waiting.clear()
        return waiting

    def wait(self, seconds: float) -> None:
        """While calls are in hand, wait until one has ended and these seconds have passed."""
        if self.in_hand:
            ends_at = time.monotonic() + seconds
            self._ended.wait(LOOK)
            time.sleep(max(0.0, ends_at - time.monotonic()))
            self._ended.clear()

    def _work(self) -> None:
        while (claim := self._next()) is not None:
            try:
                self._call(claim)
            except Exception:
                # Its attempt stays open and ends in doubt at its deadline; its place must not be lost with it.
                logger.exception("attempt %s: the call broke off", claim.attempt_id)
            with self._lock:
                self._on_the_wire -= 1
            self._ended.set()

    def _next(self) -> Claim | None:
        with self._lock:
            if not self._waiting or self._on_the_wire >= self._places:
                return None
            self._on_the_wire += 1
            return self._waiting.popleft()
