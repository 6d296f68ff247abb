"""The watchdog barks at a cluster that hangs, and at no other."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils.timezone import now

from config import watchdog as module
from config.heartbeat import WORKER, beat
from config.models import Heartbeat
from config.watchdog import Watchdog

pytestmark = pytest.mark.django_db
LIMIT = 240


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def old_beat(seconds: int) -> None:
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"beat_at": now() - timedelta(seconds=seconds)})


def test_an_old_row_and_no_result_of_its_own_is_a_hang(clock: Clock) -> None:
    dog = Watchdog(clock)
    old_beat(LIMIT + 10)
    clock.time += LIMIT + 1
    assert dog.has_fallen_silent()


def test_a_cluster_that_never_beat_is_a_hang_after_the_limit(clock: Clock) -> None:
    dog = Watchdog(clock)
    clock.time += LIMIT - 1
    assert not dog.has_fallen_silent()
    clock.time += 10
    assert dog.has_fallen_silent()


def test_the_old_row_of_an_earlier_run_is_no_hang_at_the_start(clock: Clock) -> None:
    dog = Watchdog(clock)
    old_beat(86_400)
    clock.time += 60
    assert not dog.has_fallen_silent()


def test_a_fresh_row_of_another_host_spares_an_idle_cluster(clock: Clock) -> None:
    dog = Watchdog(clock)
    beat(WORKER)
    clock.time += LIMIT * 10
    assert not dog.has_fallen_silent()


def test_a_busy_cluster_whose_beat_waits_in_the_queue_is_spared(clock: Clock) -> None:
    dog = Watchdog(clock)
    old_beat(LIMIT * 2)
    clock.time += LIMIT + 1
    dog.on_result_recorded(sender="django_q", task={})
    assert not dog.has_fallen_silent()
    clock.time += LIMIT + 1
    assert dog.has_fallen_silent()


def test_an_outage_of_the_database_is_not_counted(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    dog = Watchdog(clock)
    old_beat(LIMIT * 2)

    def out(name: str, at: object) -> None:
        raise OperationalError

    with monkeypatch.context() as away:
        away.setattr(module, "silence", out)
        clock.time += LIMIT + 1
        assert not dog.has_fallen_silent()
    clock.time += LIMIT - 1
    assert not dog.has_fallen_silent()
    clock.time += 10
    assert dog.has_fallen_silent()
