"""Trouble on demand: latency, error answers, torn connections, before or after the work was done."""

import threading
from dataclasses import dataclass
from typing import Any

from billing.sandbox.errors import Json, StripeFault

MESSAGES = {
    401: ("invalid_request_error", "Invalid API Key provided: sk_test_****"),
    404: ("invalid_request_error", "No such object"),
    429: ("invalid_request_error", "Request rate limit exceeded."),
}
CODES = {404: "resource_missing", 429: "rate_limit"}


@dataclass
class Fault:
    """What happens to the next `times` calls of this method below this path.

    `status` 0 tears the connection. With `after`, the work is done first: the caller cannot know that it was.
    """

    status: int = 500
    times: int = 1
    method: str = ""
    path: str = ""
    after: bool = False
    retry_after: int | None = None

    def fits(self, method: str, path: str) -> bool:
        """Whether the call is one of those meant."""
        return self.times > 0 and self.method in ("", method) and path.startswith(self.path)

    def answer(self) -> StripeFault:
        """The error answer."""
        kind, message = MESSAGES.get(self.status, ("api_error", "An unknown error occurred"))
        return StripeFault(self.status, message, kind=kind, code=CODES.get(self.status, ""))


class Faults:
    """The trouble that is planned."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.latency = 0.0
        self.planned: list[Fault] = []

    def plan(self, wanted: dict[str, Any]) -> None:
        """Replace the plan: `latency` in seconds and `answers`, a list of faults."""
        planned = [Fault(**fault) for fault in wanted.get("answers", [])]
        with self.lock:
            self.latency = float(wanted.get("latency", 0))
            self.planned = planned

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this call, if any."""
        with self.lock:
            for fault in self.planned:
                if fault.fits(method, path):
                    fault.times -= 1
                    return fault
        return None

    def shown(self) -> Json:
        """What is left of the plan."""
        with self.lock:
            return {"latency": self.latency, "answers": [vars(fault) for fault in self.planned if fault.times]}
