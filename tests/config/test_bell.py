"""The bell: it rings what is due, in measure, and outlives its stores."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.utils.timezone import now
from django_q.models import OrmQ

from config.bell import Bell, drains, take_back_tasks
from config.queue import Drain, drain_task, enqueue

CEILING = settings.QWORKER["ceiling"]
pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def due(at: datetime) -> bool:
    return True


def not_due(at: datetime) -> bool:
    return False


def out(at: datetime) -> bool:
    raise OperationalError("the server is away")


def drain(answer: Callable[[datetime], bool]) -> Drain:
    return drain_task(due=answer)(lambda: None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bell_with(clock: Clock, **answers: Callable[[datetime], bool]) -> Bell:
    return Bell({f"tasks.{name}": drain(answer) for name, answer in answers.items()}, clock)


def queued() -> list[str]:
    return [row.func() for row in OrmQ.objects.order_by("pk")]


def test_only_what_is_due_is_rung(clock: Clock) -> None:
    assert bell_with(clock, first=due, second=not_due).ring() == [("tasks.first", ())]
    assert queued() == ["tasks.first"]


@pytest.mark.parametrize("name", sorted(drains()))
def test_an_idle_look_asks_a_drain_at_most_one_question_for_each_kind_of_work(
    name: str, django_assert_max_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    bell = Bell({name: drains()[name]})
    assert bell.ring() == []
    # Four looks a second, for ever: an alarm of doubts has three kinds of lateness, everything else fewer.
    with django_assert_max_num_queries(3):
        assert bell.ring() == []


def test_a_drain_is_rung_at_most_once_in_a_pause(clock: Clock) -> None:
    bell = bell_with(clock, first=due)
    bell.ring()
    clock.time += 0.99
    assert bell.ring() == []
    clock.time += 0.01
    assert bell.ring() == [("tasks.first", ())]
    assert queued() == ["tasks.first", "tasks.first"]


def test_no_drain_takes_more_than_its_share_of_the_queue(clock: Clock) -> None:
    bell = bell_with(clock, first=due, second=due)
    enqueue("tasks.first")
    enqueue("tasks.first")
    assert bell.ring() == [("tasks.second", ())]


def test_a_full_queue_is_left_alone(clock: Clock) -> None:
    for number in range(CEILING):
        enqueue("tasks.other", number)
    assert bell_with(clock, first=due).ring() == []
    assert OrmQ.objects.count() == CEILING


def test_tasks_of_a_dead_worker_do_not_count(clock: Clock) -> None:
    """A row is locked for `retry` = 420 s when it is taken; no task runs longer than 120."""
    for _number in range(CEILING):
        enqueue("tasks.first")
    OrmQ.objects.update(lock=now() + timedelta(seconds=420 - 115))
    bell = bell_with(clock, first=due)
    assert bell.ring() == []
    OrmQ.objects.update(lock=now() + timedelta(seconds=420 - 125))
    assert bell.ring() == [("tasks.first", ())]


def test_tasks_of_a_dead_cluster_are_delivered_again_at_the_start() -> None:
    enqueue("tasks.first")
    OrmQ.objects.update(lock=now() + timedelta(seconds=300))
    at = now()
    take_back_tasks(at)
    assert OrmQ.objects.get().lock == at


def test_an_outage_is_logged_once_and_outlived(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    bell = bell_with(clock, first=out)
    with caplog.at_level(logging.WARNING, "config.bell"):
        assert bell.ring() == []
        clock.time += 10
        assert bell.ring() == []
        bell.drains = {"tasks.first": drain(due)}
        assert bell.ring() == [("tasks.first", ())]
    assert [record.getMessage() for record in caplog.records] == [
        "The bell cannot reach its stores and goes on trying: the server is away",
        "The bell rings again after 10 s without its stores.",
    ]


def test_a_defect_of_a_drain_is_not_taken_for_an_outage(clock: Clock) -> None:
    def broken(at: datetime) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bell_with(clock, first=broken).ring()
    assert queued() == []


def test_a_drain_with_keys_is_rung_for_each_owner_that_has_work(clock: Clock) -> None:
    bell = Bell({"tasks.send": drain(lambda at: [4, 7])}, clock)
    assert bell.ring() == [("tasks.send", (4,)), ("tasks.send", (7,))]
    assert [row.task["args"] for row in OrmQ.objects.order_by("pk")] == [(4,), (7,)]
    assert bell.ring() == [], "each rests for a pause of its own"


def test_owners_of_one_drain_do_not_use_up_each_others_share(clock: Clock) -> None:
    enqueue("tasks.send", 4)
    enqueue("tasks.send", 4)
    assert Bell({"tasks.send": drain(lambda at: [4, 7])}, clock).ring() == [("tasks.send", (7,))]


def test_many_owners_leave_room_for_who_waited_longer(clock: Clock) -> None:
    bell = Bell({"tasks.send": drain(lambda at: list(range(CEILING + 4))), "tasks.other": drain(due)}, clock)
    first = bell.ring()
    assert len(first) == CEILING
    OrmQ.objects.all().delete()
    clock.time += 2
    assert set(bell.ring()) >= {("tasks.send", (number,)) for number in range(CEILING, CEILING + 4)} | {
        ("tasks.other", ())
    }
