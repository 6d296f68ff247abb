"""What background work costs when there is nothing to do, and what a ring of the bell costs."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from django_q.models import OrmQ

from config.bell import Bell, drains
from config.heartbeat import beat
from config.models import Heartbeat
from config.queue import enqueue

pytestmark = [pytest.mark.bench, pytest.mark.django_db]
ROUNDS = 200


def milliseconds(what: Callable[[], object]) -> float:
    """Return the median time of one call."""
    times = []
    for _round in range(ROUNDS):
        start = perf_counter()
        what()
        times.append(perf_counter() - start)
    return median(times) * 1000


def one_read() -> object:
    return Heartbeat.objects.filter(name="worker").first()


def test_an_idle_look_of_the_bell(capsys: pytest.CaptureFixture[str]) -> None:
    bell = Bell(drains())
    assert bell.ring() == []
    with CaptureQueriesContext(connection) as asked:
        assert bell.ring() == []
    look, read = milliseconds(bell.ring), milliseconds(one_read)
    with capsys.disabled():
        print(  # noqa: T201 - what a bench is for
            f"\nidle look of the bell: {len(asked)} queries, {look:.2f} ms = {look / read:.1f} reads of one row; "
            f"four looks a second take {look * 4 / 10:.2f} % of one core"
        )


def test_a_ring_of_the_bell(capsys: pytest.CaptureFixture[str]) -> None:
    ring, write = milliseconds(lambda: enqueue("config.tasks.beat")), milliseconds(lambda: beat("bench", str(now())))
    with capsys.disabled():
        print(f"\nenqueue: {ring:.2f} ms = {ring / write:.1f} writes of one row")  # noqa: T201 - as above
    assert OrmQ.objects.count() == ROUNDS
