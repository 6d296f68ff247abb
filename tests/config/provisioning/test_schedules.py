"""Schedules agree with the settings, whoever installs them and however often, and each job is missed from then on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils.timezone import now
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from config.models import Heartbeat
from config.provisioning.schedules import set_schedules
from notifications.models import Alert
from notifications.services.alert import raise_alert

pytestmark = pytest.mark.django_db
NAMES = sorted(settings.SCHEDULES)


def lines() -> list[str]:
    return [str(line) for line in set_schedules()]


def at_once(count: int, act: Callable[[], object]) -> None:
    """Act from threads of their own where the database takes several writers, else one after the other."""
    if connection.vendor == "sqlite":
        for _i in range(count):
            act()
        return
    barrier = Barrier(count)

    def run(_number: int) -> None:
        try:
            barrier.wait(timeout=20)
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))


def test_every_schedule_has_a_row_and_a_heartbeat_by_which_it_is_missed() -> None:
    assert lines() == [f"created    schedule {name}" for name in settings.SCHEDULES]
    assert lines() == [f"unchanged  schedule {name}" for name in settings.SCHEDULES]
    assert sorted(Schedule.objects.values_list("name", flat=True)) == NAMES
    assert sorted(Heartbeat.objects.values_list("name", flat=True)) == NAMES


def test_to_install_again_does_not_hide_that_a_job_is_late() -> None:
    set_schedules()
    Heartbeat.objects.filter(name="sello.sweep_attempts").update(beat_at=now() - timedelta(days=1))
    set_schedules()
    assert now() - Heartbeat.objects.get(name="sello.sweep_attempts").beat_at > timedelta(hours=23)


def test_ours_that_are_no_longer_named_go_with_all_that_missed_them_and_others_stay() -> None:
    Schedule.objects.create(name="sello.old", func="config.tasks.beat")
    Schedule.objects.create(name="somebody's own", func="config.tasks.beat")
    Heartbeat.objects.create(name="sello.old", beat_at=now())
    raise_alert(kind="worker_stuck", key="sello.old")
    assert "removed    schedule sello.old" in lines()
    assert sorted(Schedule.objects.values_list("name", flat=True)) == sorted([*NAMES, "somebody's own"])
    assert sorted(Heartbeat.objects.values_list("name", flat=True)) == NAMES
    assert not Alert.objects.open().exists()


def test_one_that_was_bent_or_doubled_is_mended() -> None:
    set_schedules()
    bent = Schedule.objects.get(name="sello.beat")
    Schedule.objects.filter(pk=bent.pk).update(func="os.system", args="'true',", minutes=5)
    Schedule.objects.create(name="sello.beat", func="os.system")
    assert "changed    schedule sello.beat (func, minutes, args)" in lines()
    mended = Schedule.objects.get(name="sello.beat")
    assert (mended.func, mended.args, mended.minutes, mended.repeats) == ("config.tasks.beat", None, 1, -1)


@pytest.mark.django_db(transaction=True)
def test_clusters_that_start_together_install_each_schedule_once() -> None:
    for _turn in range(5):
        Schedule.objects.all().delete()
        Heartbeat.objects.all().delete()
        at_once(4, set_schedules)
        assert sorted(Schedule.objects.values_list("name", flat=True)) == NAMES


@pytest.mark.django_db(transaction=True)
def test_clusters_that_look_at_the_same_moment_enqueue_each_job_once() -> None:
    set_schedules()
    for turn in range(5):
        OrmQ.objects.all().delete()
        Schedule.objects.update(next_run=now() - timedelta(seconds=1))
        at_once(4, lambda: scheduler(broker=get_broker()))
        groups = sorted(str(row.task["group"]) for row in OrmQ.objects.all())
        assert groups == NAMES, turn
