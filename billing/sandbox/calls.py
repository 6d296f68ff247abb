"""The log of calls: what a test asks when it wants to know how often, and how, Stripe was really called."""

import threading
from collections import deque

from billing.sandbox.errors import Json

MOST = 50_000


class Calls:
    """The calls of the public API, oldest first."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rows: deque[Json] = deque(maxlen=MOST)

    def note(self, row: Json) -> None:
        """Add one call."""
        with self.lock:
            self.rows.append(row)

    def clear(self) -> None:
        """Forget all."""
        with self.lock:
            self.rows.clear()

    def found(self, *, method: str = "", path: str = "") -> list[Json]:
        """The calls of this method below this path."""
        with self.lock:
            return [row for row in self.rows if method in ("", row["method"]) and row["path"].startswith(path)]
