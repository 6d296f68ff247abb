"""The inbox against dj-stripe's own view: how many events a second, how long the slowest wait, and what Stripe's own
slowness does to them."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, islice
from typing import Any
from uuid import uuid4

from djstripe.models import Event, WebhookEndpoint

from billing.models import InboundEvent
from billing.sandbox.shop import Shop, Sold
from tests.bench.costs import cpu_seconds
from tests.bench.load import Run, post, run
from tests.bench.table import Line, middle, percentile
from tests.bench.web import gunicorn, stripe_stand_in
from tests.factories.billing import SECRET, StripeEndpointFactory, signature

SLOW = 1.0
WARM_UP = 15
WHERE = "gunicorn 2 × 4 threads each, 8 connections, every event of a new customer, {lines} lines an invoice"
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured. dj-stripe takes so many events a round, the inbox as many as it can in so many seconds."""

    rounds: int
    events: int
    slow_events: int
    seconds: float
    lines: int = 6


FULL = Size(rounds=5, events=120, slow_events=24, seconds=4)
SHORT = Size(rounds=3, events=40, slow_events=8, seconds=1.5)


class View:
    """A served view and what it was put through."""

    def __init__(self, stack: ExitStack, application: str, path: str, *, ready: str, env: Mapping[str, str]) -> None:
        self.port, self.pid = stack.enter_context(gunicorn(application, ready=ready, env=env))
        self.path = path
        self.runs: list[Run] = []
        self.slow: list[Run] = []
        self.cpu: list[float] = []

    def take(self, events: Iterator[Mapping[str, Any]], *, seconds: float = float("inf")) -> None:
        """Deliver these events while Stripe answers at once; note what one of them costs the processors."""
        before = cpu_seconds(self.pid)
        done = run(self.port, _signed(self.path, events), seconds=seconds)
        self.runs.append(done)
        self.cpu.append((cpu_seconds(self.pid) - before) / len(done.times))

    def take_slowly(self, events: Iterator[Mapping[str, Any]], *, seconds: float = float("inf")) -> None:
        """Deliver these events while Stripe takes a second for every answer."""
        self.slow.append(run(self.port, _signed(self.path, events), seconds=seconds))

    @property
    def taken(self) -> int:
        return sum(len(each.times) for each in self.runs + self.slow)


def measure(*, short: bool) -> list[Line]:
    """Run both views in turn and return the three lines of the table."""
    size = SHORT if short else FULL
    with ExitStack() as stack:
        stripe = stack.enter_context(stripe_stand_in())
        shop = stack.enter_context(Shop(stripe))
        events = _sold(shop, size)
        path, their_path = _addresses()
        env = {"STRIPE_API_BASE": stripe}
        ours = View(stack, "config.wsgi:application", path, ready="/healthz", env=env)
        env |= {"DATABASE_URL": os.environ["BENCH_CONTROL_URL"]}
        env |= {"DJANGO_SETTINGS_MODULE": "tests.bench.djstripe_settings"}
        theirs = View(stack, "tests.bench.djstripe_wsgi:application", their_path, ready="/", env=env)
        model = next(events)
        # What a first request loads is no part of any figure.
        run(ours.port, _signed(ours.path, _fresh(model)), seconds=0.5)
        run(theirs.port, _signed(theirs.path, islice(events, WARM_UP)))
        for _round in range(size.rounds):
            shop.control("faults", latency=0)
            ours.take(_fresh(model), seconds=size.seconds)
            theirs.take(islice(events, size.events))
            shop.control("faults", latency=SLOW)
            ours.take_slowly(_fresh(model), seconds=size.seconds)
            theirs.take_slowly(islice(events, size.slow_events))
    _check(ours, theirs)
    return _lines(ours, theirs, size, short)


def _sold(shop: Shop, size: Size) -> Iterator[Mapping[str, Any]]:
    """Sell to as many new customers as dj-stripe will be told of, and return what Stripe announces of it."""
    needed = 1 + WARM_UP + size.rounds * (size.events + size.slow_events)
    for number in range(needed):
        customer = shop.customer(f"Cliente {number}", f"cliente{number}@example.com")
        shop.pay_invoice(customer["id"], [Sold(f"Artículo {line}", 1000 + line) for line in range(size.lines)])
    return iter(event for event in shop.seen("state", kind="event")["data"] if event["type"] == "invoice.paid")


def _addresses() -> tuple[str, str]:
    endpoint = StripeEndpointFactory.create()
    uuid = uuid4()
    WebhookEndpoint.objects.using("control").create(
        id="we_1", djstripe_uuid=uuid, secret=SECRET, url="https://example.com", livemode=False, enabled_events=["*"]
    )
    return f"/stripe/webhook/{endpoint.uuid}/", f"/stripe/webhook/{uuid}/"


def _fresh(model: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield for ever an event like the model, of another customer and another invoice each time."""
    text = json.dumps(model)
    subject = model["data"]["object"]
    for number in _numbers:
        body = text
        for known in (model["id"], subject["id"], subject["customer"]):
            body = body.replace(known, f"{known.partition('_')[0]}_{number:024d}")
        yield json.loads(body)


def _signed(path: str, events: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    for event in events:
        body = json.dumps(event).encode()
        yield post(path, body, {"Stripe-Signature": signature(body, at=time.time())})


def _check(ours: View, theirs: View) -> None:
    """Every 200 is a row: an answer that stored nothing would be fast as well."""
    stored, known = InboundEvent.objects.count(), Event.objects.using("control").count()
    assert stored >= ours.taken, (stored, ours.taken)
    assert known >= theirs.taken, (known, theirs.taken)


def _lines(ours: View, theirs: View, size: Size, short: bool) -> list[Line]:
    where = WHERE.format(lines=size.lines) + f", {size.rounds} rounds in turn, median"
    cpu = f"processor time of an event {middle(ours.cpu) * 1000:.2f} against {middle(theirs.cpu) * 1000:.1f} ms"
    return [
        Line(
            what="webhooks per second, against dj-stripe's own view",
            unit=" ×",
            goal=25,
            value=middle([one.rate / two.rate for one, two in zip(ours.runs, theirs.runs, strict=True)]),
            bound=10 if short else 25,
            naive_is="dj-stripe's view",
            conditions=where,
            detail=f"{_rate(ours.runs)} against {_rate(theirs.runs)} a second; {cpu}",
        ),
        Line(
            what="p99 of dj-stripe's view ÷ p99 of the inbox",
            unit=" ×",
            goal=10,
            value=middle([_tail(two) / _tail(one) for one, two in zip(ours.runs, theirs.runs, strict=True)]),
            bound=3 if short else 10,
            naive_is="dj-stripe's view",
            conditions=where,
            detail=f"{_ms(ours.runs)} against {_ms(theirs.runs)} ms",
        ),
        Line(
            what="p99 of the inbox with Stripe at 1 s ÷ with Stripe at 0 s",
            unit=" ×",
            goal=1.1,
            at_most=True,
            value=middle([_tail(slow) / _tail(fast) for fast, slow in zip(ours.runs, ours.slow, strict=True)]),
            bound=None if short else 1.1,
            naive=middle([_tail(slow) / _tail(fast) for fast, slow in zip(theirs.runs, theirs.slow, strict=True)]),
            naive_is="dj-stripe's view",
            conditions=where,
            detail=f"{_ms(ours.slow)} against {_ms(ours.runs)} ms",
        ),
    ]


def _tail(each: Run) -> float:
    return percentile(each.times, 0.99)


def _rate(runs: Sequence[Run]) -> str:
    return f"{middle([each.rate for each in runs]):,.0f}"


def _ms(runs: Sequence[Run]) -> str:
    return f"{middle([_tail(each) for each in runs]) * 1000:,.1f}"
