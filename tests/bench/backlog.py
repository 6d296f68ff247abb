"""A hundred thousand events that wait: does the last one cost what the first one did?

The cost is time of the processors, of the worker and of the bench's own PostgreSQL. On a shared machine the same work
takes more of it in one minute than in the next, so after each slice a yardstick is measured too: so many questions by
key. A tenth is told in yardsticks of its own time.
"""

import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import stripe
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils.timezone import now

from billing.models import InboundEvent, StripeEndpoint
from billing.sandbox.shop import Shop
from billing.services.process_event import process_due_events
from tests.bench import naive
from tests.bench.costs import cpu_seconds
from tests.bench.table import Line
from tests.bench.web import stripe_stand_in
from tests.factories.billing import StripeEndpointFactory, event_content

State = InboundEvent.State
FINISHED = (State.DONE, State.IGNORED)
PARTS = 10
PAUSE = 0.2
YARDSTICK = 300
"""Questions by key; a slice costs a few dozen of these yardsticks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Half of the events have no meaning for us; the others tell of so many customers, each again and again."""

    events: int
    customers: int
    slice: float
    """Seconds of work between two looks at how far it has come."""


FULL = Size(events=100_000, customers=500, slice=1.0)
SHORT = Size(events=10_000, customers=50, slice=0.3)


@dataclass(frozen=True, slots=True)
class Step:
    """A slice: how many events are finished after it, and the seconds of processor that it and a yardstick cost."""

    finished: int
    seconds: float
    yardstick: float


@dataclass(frozen=True, slots=True)
class Part:
    """A tenth: its seconds of processor, and those of a yardstick in its time."""

    seconds: float
    yardstick: float

    @property
    def in_yardsticks(self) -> float:
        return self.seconds / self.yardstick


def measure(*, short: bool) -> list[Line]:
    """Work off a backlog and compare its last tenth with its first; so does the naive walk of the table."""
    size = SHORT if short else FULL
    endpoint = StripeEndpointFactory.create()
    with stripe_stand_in() as address, Shop(address) as shop:
        stripe.api_base = settings.STRIPE_API_BASE = address
        customers = [shop.customer(f"Cliente {each}", f"c{each}@example.com") for each in range(size.customers)]
        InboundEvent.objects.bulk_create(_events(endpoint, customers, size), 1000)
        _tidy()
        steps = [Step(0, 0.0, 0.0), *_work_off(size)]
        calls = shop.seen("calls", path="/v1/customers/", method="GET")["count"]
    _check(size)
    marks = [size.events * part / PARTS for part in range(PARTS + 1)]
    parts = [_part(steps, *each) for each in pairwise(marks)]
    walked = _walk(size)
    share = size.events / PARTS
    return [
        Line(
            what=f"cost per event, last tenth ÷ first tenth of {size.events:,} that wait",
            unit=" ×",
            goal=1.2,
            at_most=True,
            value=parts[-1].in_yardsticks / parts[0].in_yardsticks,
            bound=1.5 if short else 1.2,
            naive=walked[-1] / walked[0],
            naive_is="walking the table by OFFSET",
            conditions=f"half without a meaning, half about {size.customers} customers; one worker, a drain at a time",
            detail=f"{parts[0].seconds / share * 1000:.2f} and {parts[-1].seconds / share * 1000:.2f} ms of processor "
            f"an event, {parts[0].yardstick * 1000:.0f} and {parts[-1].yardstick * 1000:.0f} ms a yardstick; "
            f"{calls:,} calls to Stripe",
        )
    ]


def _events(endpoint: StripeEndpoint, customers: list[dict[str, Any]], size: Size) -> Iterator[InboundEvent]:
    at = now()
    for number in range(size.events):
        # Each customer has a stretch of the time, so that every tenth of the backlog holds the same mixture.
        customer, known = customers[number * size.customers // size.events], number % 2 == 0
        kind = "customer.updated" if known else "balance.available"
        subject = customer if known else {"id": f"ba_{number}", "object": "balance"}
        content = event_content(id=f"evt_{number:08d}", type=kind, object=subject)
        yield InboundEvent(
            event_id=content["id"],
            endpoint=endpoint,
            type=kind,
            object_id=subject["id"],
            customer_id=customer["id"] if known else "",
            body=json.dumps(content).encode(),
            received_at=at + timedelta(microseconds=number),
            next_at=at + timedelta(microseconds=number),
        )


def _tidy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f'VACUUM ANALYZE "{InboundEvent._meta.db_table}"')


def _cost() -> float:
    """Seconds of processor that this process and the whole server have used so far."""
    mine = resource.getrusage(resource.RUSAGE_SELF)
    return mine.ru_utime + mine.ru_stime + cpu_seconds(int(os.environ["BENCH_POSTGRES"]))


def _work_off(size: Size) -> Iterator[Step]:
    """Drain in slices, and measure a yardstick after each."""
    settings.DRAIN = {**settings.DRAIN, "budget": size.slice}
    waiting = InboundEvent.objects.exclude(state__in=FINISHED)
    keys = list(InboundEvent.objects.order_by("pk").values_list("pk", flat=True)[:YARDSTICK])
    finished = 0
    while finished < size.events:
        before = _cost()
        # A drain whose time is over gives back what it has in hand, for a moment.
        taken = process_due_events()
        worked = _cost()
        for key in keys:
            InboundEvent.objects.get(pk=key)
        yardstick = _cost() - worked
        finished = size.events - waiting.count()
        yield Step(finished, worked - before, yardstick)
        if not taken:
            time.sleep(PAUSE)


def _part(steps: list[Step], since: float, until: float) -> Part:
    """Return what the events between these two numbers cost; a slice across a mark counts by its share."""
    seconds = weighed = shares = 0.0
    for before, step in pairwise(steps):
        within = min(step.finished, until) - max(before.finished, since)
        if within > 0:
            share = within / (step.finished - before.finished)
            seconds, weighed, shares = seconds + share * step.seconds, weighed + share * step.yardstick, shares + share
    return Part(seconds, weighed / shares)


def _check(size: Size) -> None:
    """All of them ended as they should, none was tried in vain."""
    found = dict(InboundEvent.objects.values_list("state").annotate(Count("pk")))
    assert found == {State.DONE: size.events // 2, State.IGNORED: size.events // 2}, found


def _walk(size: Size) -> tuple[float, float]:
    """Return what the first and the last tenth of a walk by OFFSET cost, from a hundredth of each."""
    tenth, looked_at = size.events // PARTS, size.events // PARTS // 10
    costs = []
    for start in (0, size.events - tenth):
        before = _cost()
        naive.walk(start, start + looked_at)
        costs.append(_cost() - before)
    return costs[0], costs[1]
