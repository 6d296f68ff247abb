"""How long the platform takes: a random latency, a little more in contingency, cut short when the server stops."""

import random
from threading import Event, Lock


class Stopped(Exception):
    """The server stopped while a call was under way: nothing more happens to it."""


class Pace:
    """Waits that a seed makes repeatable and a stop ends."""

    def __init__(self, latency: tuple[float, float], *, seed: int | None = None) -> None:
        self.latency = latency
        self._random = random.Random(seed)  # noqa: S311 - no secret hangs on a latency
        self._lock = Lock()
        self._stopped = Event()

    def work(self, *, contingency: bool = False) -> None:
        """Wait as long as sealing takes; in contingency the platform tries Hacienda again first."""
        low, high = self.latency
        with self._lock:
            seconds = self._random.uniform(high, high * 1.3) if contingency else self._random.uniform(low, high)
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        """Wait, or raise Stopped as soon as the server stops."""
        if self._stopped.wait(seconds) if seconds > 0 else self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """End every wait."""
        self._stopped.set()
