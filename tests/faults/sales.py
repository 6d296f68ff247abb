"""What is sold in a run, and the events that tell of it, delivered as Stripe does: often, late and out of order."""

import http.client
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from billing.sandbox.deliveries import body_of
from billing.sandbox.shop import Shop
from billing.sandbox.signing import sign
from tests.faults.processes import ending

PAID = "payment_intent.succeeded"


@dataclass(frozen=True)
class Sale:
    """A payment: our key for it, and what was charged, in minor units."""

    key: str
    amount: int


def sell(stripe: str, count: int, *, first: int = 1) -> list[Sale]:
    """Make so many payments, each of another amount and buyer."""

    def pay(numbers: Sequence[int]) -> list[Sale]:
        with Shop(stripe) as shop:
            return [_pay(shop, number) for number in numbers]

    numbers = range(first, first + count)
    with ThreadPoolExecutor(4) as pool:
        return [sale for sales in pool.map(pay, [numbers[start::4] for start in range(4)]) for sale in sales]


def _pay(shop: Shop, number: int) -> Sale:
    amount = 113 + number % 9000
    intent = shop.pay_intent(amount, description=f"Item {number}", receipt_email=f"buyer{number}@example.com")
    return Sale(f"payment_intent:{intent['id']}", amount)


@dataclass(frozen=True)
class Letter:
    """An event as it is delivered: the same bytes each time."""

    event: str
    kind: str
    body: bytes


def letters(stripe: str, *, kinds: Iterable[str] = ()) -> list[Letter]:
    """Return the events that the stand-in holds, oldest first; all, or those of these types."""
    wanted = set(kinds)
    with Shop(stripe) as shop:
        rows = shop.seen("state", kind="event")["data"]
    return [
        Letter(row["id"], row["type"], body_of(row)) for row in reversed(rows) if not wanted or row["type"] in wanted
    ]


@dataclass
class Delivery:
    """Delivers letters over several connections, each until it is answered with a 2xx, and keeps what was answered."""

    address: str
    secret: str
    connections: int = 8
    patience: float = 120.0
    pause: float = 0.0
    """Seconds that each connection waits between two letters."""
    statuses: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    sent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def acknowledged(self) -> set[str]:
        """The ids of events that were answered 200 at least once."""
        with self._lock:
            return {event for event, answers in self.statuses.items() if 200 in answers}

    def deliver(self, mail: Sequence[Letter]) -> None:
        """Deliver all of these, in this order over all connections; return when each has its 2xx or patience ends."""
        rounds = iter(mail)

        def carry() -> None:
            connection = self._connection()
            while True:
                with self._lock:
                    letter = next(rounds, None)
                if letter is None or ending.is_set():
                    connection.close()
                    return
                connection = self._until_taken(connection, letter)
                time.sleep(self.pause)

        with ThreadPoolExecutor(self.connections) as pool:
            for each in [pool.submit(carry) for _number in range(self.connections)]:
                each.result()

    def _until_taken(self, connection: http.client.HTTPConnection, letter: Letter) -> http.client.HTTPConnection:
        give_up_at = time.monotonic() + self.patience
        wait = 0.05
        while True:
            try:
                status = post(connection, self.address, letter.body, self.secret)
            except (OSError, http.client.HTTPException):
                connection.close()
                connection, status = self._connection(), 0
            with self._lock:
                self.sent += 1
                self.statuses[letter.event].append(status)
            if 200 <= status < 300 or time.monotonic() > give_up_at or ending.is_set():
                return connection
            time.sleep(wait)
            wait = min(1.0, wait * 2)

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)


def post(connection: http.client.HTTPConnection, address: str, body: bytes, secret: str) -> int:
    """Send one signed request and return its status."""
    signature = sign(body, secret=secret, timestamp=int(time.time()))
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
    connection.request("POST", urlsplit(address).path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def repeated(mail: Sequence[Letter], chance: random.Random, *, most: int) -> list[Letter]:
    """Return every letter one to `most` times, in any order."""
    copies = [letter for letter in mail for _copy in range(chance.randint(1, most))]
    chance.shuffle(copies)
    return copies


def unsigned_event(number: int) -> bytes:
    """A well-formed event that nobody has signed."""
    subject = {"id": f"pi_{number}", "object": "payment_intent", "customer": None}
    content = {"id": f"evt_forged_{number}", "type": PAID, "livemode": False, "data": {"object": subject}}
    return json.dumps(content).encode()
