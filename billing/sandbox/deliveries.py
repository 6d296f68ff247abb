"""Webhook delivery: signed, repeated until a 2xx, and as disorderly as the plan says."""

import heapq
import http.client
import itertools
import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from billing.sandbox.clock import Clock
from billing.sandbox.errors import Json
from billing.sandbox.signing import sign

MOST_ATTEMPTS = 8
LONGEST_WAIT = 30.0
TIMEOUT = 30
MOST_DUPLICATES = 6
WRONG_SECRET = "whsec_this_is_not_the_secret"  # noqa: S105 - that is the point
TROUBLE = (OSError, http.client.HTTPException)


@dataclass
class Plan:
    """How deliveries go: `drop` names event types (or `*`) that never leave; `shuffle` is a span of seconds."""

    duplicates: int = 1
    shuffle: float = 0.0
    delay: float = 0.0
    drop: list[str] = field(default_factory=list)
    wrong_secret: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.duplicates <= MOST_DUPLICATES:
            raise ValueError(f"duplicates must be between 1 and {MOST_DUPLICATES}")

    def drops(self, kind: str) -> bool:
        """Whether events of this type are lost."""
        return "*" in self.drop or kind in self.drop


@dataclass(frozen=True)
class Letter:
    """One delivery that is due: raw body, and how often it was tried."""

    event: str
    kind: str
    body: bytes
    secret: str = ""
    attempt: int = 1


class Deliveries:
    """The queue and the threads that empty it."""

    def __init__(self, *, url: str, secret: str, clock: Clock, pending: set[str], retry_seconds: float) -> None:
        self.url, self.secret, self.clock = url, secret, clock
        self.pending, self.retry_seconds = pending, retry_seconds
        self.plan = Plan()
        self.log: deque[Json] = deque(maxlen=50_000)
        self.queue: list[tuple[float, int, Letter]] = []
        self.turn = itertools.count()
        self.changed = threading.Condition()
        self.in_flight = 0
        self.stopping = False
        self.threads: list[threading.Thread] = []

    def start(self, workers: int) -> None:
        """Start the threads. One keeps the order of events; several do not."""
        self.stopping = False
        names = (f"stripe-sandbox-delivery-{number}" for number in range(workers))
        self.threads = [threading.Thread(target=self._run, name=name, daemon=True) for name in names]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Let the delivery in flight end and drop the rest."""
        with self.changed:
            self.stopping = True
            self.queue.clear()
            self.changed.notify_all()
        for thread in self.threads:
            thread.join()
        self.threads = []

    def announce(self, event: Json) -> None:
        """Queue an event as the plan says."""
        if not self.url:
            return
        self.pending.add(event["id"])
        if not self.plan.drops(event["type"]):
            self.send(Letter(event["id"], event["type"], body_of(event)), times=self.plan.duplicates)

    def send(self, letter: Letter, *, times: int = 1) -> None:
        """Queue a letter `times` times."""
        with self.changed:
            for _ in range(times):
                disorder = random.uniform(0, self.plan.shuffle)  # noqa: S311 - disorder, not secrecy
                self._push(letter, self.plan.delay + disorder)

    def _push(self, letter: Letter, wait: float) -> None:
        heapq.heappush(self.queue, (time.monotonic() + wait, next(self.turn), letter))
        self.changed.notify_all()

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until nothing is queued or in flight; False when time ran out."""
        with self.changed:
            return self.changed.wait_for(lambda: not self.queue and not self.in_flight, timeout)

    def _run(self) -> None:
        while (letter := self._next()) is not None:
            status = self._post(letter)
            with self.changed:
                self.in_flight -= 1
                self._note(letter, status)
                self.changed.notify_all()

    def _next(self) -> Letter | None:
        with self.changed:
            while not self.stopping:
                wait = self.queue[0][0] - time.monotonic() if self.queue else None
                if wait is not None and wait <= 0:
                    self.in_flight += 1
                    return heapq.heappop(self.queue)[2]
                self.changed.wait(wait)
        return None

    def _note(self, letter: Letter, status: int) -> None:
        row = {"event": letter.event, "type": letter.kind, "attempt": letter.attempt, "status": status}
        self.log.append(row | {"at": self.clock.now()})
        if 200 <= status < 300:
            self.pending.discard(letter.event)
        elif letter.attempt < MOST_ATTEMPTS and not self.stopping:
            wait = min(LONGEST_WAIT, self.retry_seconds * 2 ** (letter.attempt - 1))
            self._push(Letter(letter.event, letter.kind, letter.body, letter.secret, letter.attempt + 1), wait)

    def _post(self, letter: Letter) -> int:
        secret = letter.secret or (WRONG_SECRET if self.plan.wrong_secret else self.secret)
        signature = sign(letter.body, secret=secret, timestamp=self.clock.signing_time())
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
        headers |= {"User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)", "Accept": "*/*; q=0.5"}
        try:
            return post(self.url, letter.body, headers)
        except TROUBLE:
            return 0


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST without following redirects, as Stripe does; return the status."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connection: http.client.HTTPConnection = (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(
        parts.hostname or "", parts.port, timeout=TIMEOUT
    )
    try:
        connection.request("POST", parts.path or "/", body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def body_of(event: dict[str, Any]) -> bytes:
    """The raw body, laid out as Stripe does."""
    shown = {key: value for key, value in event.items() if not key.startswith("_")}
    return json.dumps(shown | {"pending_webhooks": 1}, indent=2, ensure_ascii=False).encode()
