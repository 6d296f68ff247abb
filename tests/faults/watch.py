"""Watches leases that have ended: how long does it take until somebody takes up the work of the dead?"""

import threading
import time
from collections import defaultdict

from tests.faults.books import Books

LOOK_EVERY = 0.5
OVERDUE = {
    "attempts": "SELECT id, deadline_at AS ends FROM smartbill_attempt WHERE deadline_at < now() AND outcome IS NULL",
    "events": "SELECT id, lease_until AS ends FROM billing_inboundevent "
    "WHERE lease_until < now() AND state = 'processing'",
    "mails": "SELECT id, lease_until AS ends FROM notifications_message "
    "WHERE lease_until < now() AND status = 'sending'",
}


class Watch:
    """Remembers for every piece of work how late it was seen last; what is taken up at once is not seen at all."""

    def __init__(self, url: str) -> None:
        self.books = Books(url)
        self.late: dict[str, dict[tuple[int, float], float]] = defaultdict(dict)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch")

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()
        self.books.close()

    def seconds(self) -> dict[str, list[float]]:
        """Return the lateness in seconds by kind of work."""
        return {kind: list(seen.values()) for kind, seen in self.late.items()}

    def _look(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            for kind, query in OVERDUE.items():
                for row in self.books.rows(query):
                    ends = row["ends"].timestamp()
                    self.late[kind][row["id"], ends] = time.time() - ends
