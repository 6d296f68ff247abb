"""Idempotency keys: the first answer under a key is the answer, for a day."""

import json
from dataclasses import dataclass

from billing.sandbox.clock import Clock
from billing.sandbox.errors import Json, StripeFault

KEPT = 24 * 60 * 60
LONGEST = 255


@dataclass(frozen=True)
class Kept:
    """What was asked under a key and what was answered."""

    asked: str
    status: int
    body: Json
    at: int


class Memory:
    """Answers by idempotency key. Only requests that were carried out are kept, as Stripe does."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.kept: dict[str, Kept] = {}

    def recall(self, key: str, asked: str) -> Kept | None:
        """The earlier answer; 400 when the same key asked for something else."""
        if len(key) > LONGEST:
            raise _misused(f"Idempotency keys can be at most {LONGEST} characters.")
        found = self.kept.get(key)
        if found is None or found.at < self.clock.now() - KEPT:
            return None
        if found.asked != asked:
            raise _misused(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
        return found

    def keep(self, key: str, asked: str, status: int, body: Json) -> None:
        """Remember the answer of a request that was carried out."""
        if status < 400 or status in (402, 500):
            self.kept[key] = Kept(asked, status, body, self.clock.now())


def fingerprint(method: str, path: str, params: Json) -> str:
    """What a key stands for."""
    return json.dumps([method, path, params], sort_keys=True)


def _misused(message: str) -> StripeFault:
    return StripeFault(400, message, kind="idempotency_error")
