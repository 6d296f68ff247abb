"""The heartbeat proves a whole round of background work."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils.timezone import now
from django_q.signals import post_execute

from config import heartbeat
from config.heartbeat import WORKER, beat, expect, forget, late, patience, silence, worker_is_alive
from config.models import Heartbeat

pytestmark = pytest.mark.django_db


def recorded(**task: Any) -> None:
    post_execute.send(sender="django_q", task=task)


def test_the_recorded_result_of_the_beat_writes_the_row() -> None:
    recorded(func="config.tasks.beat", success=True)
    assert list(Heartbeat.objects.values_list("name", flat=True)) == [WORKER]
    assert worker_is_alive(now())


def test_other_and_failed_results_do_not() -> None:
    recorded(func="billing.tasks.drain_events", success=True)
    recorded(func="config.tasks.beat", success=False)
    assert not Heartbeat.objects.exists()
    assert not worker_is_alive(now())


def test_a_second_beat_renews_the_row() -> None:
    Heartbeat.objects.create(name=WORKER, beat_at=now() - timedelta(seconds=241))
    assert not worker_is_alive(now())
    beat(WORKER)
    assert worker_is_alive(now())
    assert Heartbeat.objects.count() == 1


def test_silence_is_none_where_nothing_ever_beat() -> None:
    assert silence("nobody", now()) is None


def test_a_database_that_is_away_does_not_end_the_monitor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def out(name: str, detail: str) -> None:
        raise OperationalError

    monkeypatch.setattr(heartbeat, "beat", out)
    recorded(func="config.tasks.beat", success=True)
    assert [record.getMessage() for record in caplog.records] == ["The heartbeat could not be written."]


def test_the_recorded_success_of_a_job_is_its_sign_of_life() -> None:
    recorded(func="smartbill.tasks.sweep_attempts", group="sello.sweep_attempts", success=True)
    assert list(Heartbeat.objects.values_list("name", flat=True)) == ["sello.sweep_attempts"]


def test_a_job_that_fails_and_a_schedule_of_somebody_else_are_none() -> None:
    recorded(func="smartbill.tasks.sweep_attempts", group="sello.sweep_attempts", success=False)
    recorded(func="os.getpid", group="somebody's own", success=True)
    recorded(func="os.getpid", group=None, success=True)
    assert not Heartbeat.objects.exists()


def test_the_scheduled_beat_is_a_sign_of_the_worker_and_of_the_job() -> None:
    recorded(func="config.tasks.beat", group="sello.beat", success=True)
    assert sorted(Heartbeat.objects.values_list("name", flat=True)) == ["sello.beat", "worker"]


def test_what_is_expected_is_missed_from_the_first_time_on() -> None:
    expect("sello.sweep_events")
    first = Heartbeat.objects.get().beat_at
    expect("sello.sweep_events")
    assert Heartbeat.objects.get().beat_at == first
    forget("sello.sweep_events")
    assert not Heartbeat.objects.exists()


@pytest.mark.parametrize(
    ("name", "seconds"), [(WORKER, 240), ("host:one", 240), ("sello.beat", 180), ("sello.catch_up_events", 2700)]
)
def test_each_is_missed_in_its_own_time(name: str, seconds: int) -> None:
    at = now()
    assert patience(name) == timedelta(seconds=seconds)
    assert late({name: at - timedelta(seconds=seconds)}, at) == {}
    assert late({name: at - timedelta(seconds=seconds + 1)}, at) == {name: timedelta(seconds=seconds + 1)}
