"""Whoever lives notices who does not: a worker the jobs and the other hosts, the web the death of all workers."""

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from django.contrib.auth.models import Group, User
from django.db import OperationalError, connection
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from config import lookout as module
from config.heartbeat import WORKER, beat, patience, this_host
from config.lookout import LOOK_EVERY, SURE_AFTER, Lookout, WebLookout
from config.models import Heartbeat
from notifications.models import Alert, Message
from notifications.services.alert import raise_alert
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db
JOB = "sello.sweep_attempts"
QUIET = timedelta(seconds=300)


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def seen(name: str, **ago: float) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now() - timedelta(**ago)})


def open_alerts() -> set[tuple[str, str]]:
    return set(Alert.objects.open().values_list("kind", "key"))


def looked_after(lookout: Lookout, clock: Clock, seconds: float) -> set[tuple[str, str]]:
    clock.time += seconds
    lookout.look()
    return open_alerts()


def test_a_worker_signs_on_for_its_host_and_off_when_it_stops(clock: Clock) -> None:
    lookout = Lookout(clock)
    lookout.look()
    assert list(Heartbeat.objects.values_list("name", flat=True)) == [this_host()]
    lookout.sign_off()
    assert not Heartbeat.objects.exists()


def test_a_job_is_missed_after_three_of_its_intervals(clock: Clock) -> None:
    lookout = Lookout(clock)
    clock.time += 3600
    seen(JOB, seconds=179)
    assert looked_after(lookout, clock, LOOK_EVERY) == set()
    seen(JOB, seconds=181)
    assert looked_after(lookout, clock, LOOK_EVERY) == {("worker_stuck", JOB)}
    seen(JOB, seconds=1)
    assert looked_after(lookout, clock, LOOK_EVERY) == set()


def test_a_job_of_every_quarter_of_an_hour_has_more_time(clock: Clock) -> None:
    lookout = Lookout(clock)
    seen("sello.catch_up_events", minutes=44)
    assert looked_after(lookout, clock, 3600) == set()
    seen("sello.catch_up_events", minutes=46)
    assert looked_after(lookout, clock, LOOK_EVERY) == {("worker_stuck", "sello.catch_up_events")}


def test_a_host_that_died_is_missed_by_the_others_for_a_day(clock: Clock) -> None:
    lookout = Lookout(clock)
    beat(WORKER)
    seen("host:two", seconds=250)
    assert looked_after(lookout, clock, 3600) == {("worker_absent", "host:two")}
    assert Alert.objects.get().subject == "two"
    seen("host:two", hours=25)
    assert looked_after(lookout, clock, LOOK_EVERY) == set()
    assert not Heartbeat.objects.filter(name="host:two").exists()


def test_after_a_start_old_rows_are_no_news_and_resolve_nothing(clock: Clock) -> None:
    seen(JOB, hours=2)
    raise_alert(kind="worker_stuck", key="sello.sweep_events")
    seen("sello.sweep_events", hours=2)
    lookout = Lookout(clock)
    assert looked_after(lookout, clock, LOOK_EVERY) == {("worker_stuck", "sello.sweep_events")}
    assert looked_after(lookout, clock, patience(JOB).total_seconds()) == {
        ("worker_stuck", "sello.sweep_events"),
        ("worker_stuck", JOB),
    }


def test_where_no_worker_lives_that_is_the_one_alert(clock: Clock) -> None:
    for name in (WORKER, JOB, "sello.sweep_events", "host:two"):
        seen(name, seconds=400)
    lookout = Lookout(clock)
    assert looked_after(lookout, clock, 3600) == {("worker_absent", "all")}
    for name in (WORKER, JOB, "sello.sweep_events", "host:two"):
        beat(name)
    assert looked_after(lookout, clock, LOOK_EVERY) == set()


def test_it_looks_every_half_minute_and_little_while_all_is_well(
    clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lookout = Lookout(clock)
    lookout.look()
    clock.time += LOOK_EVERY - 1
    with django_assert_num_queries(0):
        lookout.look()
    clock.time += 1
    # Two savepoints and two statements are the sign of life; then forget, read, the open alerts, and the journal's.
    with django_assert_num_queries(8):
        lookout.look()


def test_an_outage_of_the_database_starts_the_time_anew(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    lookout = Lookout(clock)
    seen(JOB, hours=1)
    with monkeypatch.context() as away:
        away.setattr(module, "beat", failing)
        assert looked_after(lookout, clock, 3600) == set()
    assert looked_after(lookout, clock, 170) == set()
    assert looked_after(lookout, clock, LOOK_EVERY) == {("worker_stuck", JOB)}


def failing(*_arguments: object, **_values: object) -> None:
    raise OperationalError


def test_a_stop_without_a_database_is_no_error(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "forget", failing)
    monkeypatch.setattr(module, "raise_alert", failing)
    Lookout(clock).sign_off()
    Lookout(clock).cry()
    assert not Alert.objects.exists()


def test_a_cluster_that_hangs_is_noted_before_it_is_ended(clock: Clock) -> None:
    Lookout(clock).cry()
    assert open_alerts() == {("worker_absent", "all")}


# The web -------------------------------------------------------------------------------------------------------------


class Sender:
    """Stands where the mails leave, and notes on what occasion."""

    def __init__(self) -> None:
        self.sent = Event()

    def __call__(self) -> int:
        self.sent.set()
        return 0


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Sender:
    sender = Sender()
    monkeypatch.setattr(module, "send_urgent_messages", sender)
    monkeypatch.setattr(module, "send_due_posts", lambda: 0)
    monkeypatch.setattr(module.connections, "close_all", lambda: None)
    return sender


def test_the_web_warns_of_silence_it_has_heard_for_half_a_minute(clock: Clock, sender: Sender) -> None:
    web = WebLookout(clock)
    web.hear(QUIET, now())
    clock.time += SURE_AFTER - 1
    web.hear(QUIET, now())
    assert open_alerts() == set()
    clock.time += 1
    web.hear(QUIET, now())
    assert open_alerts() == {("worker_absent", "all")}
    assert sender.sent.wait(5)


def test_a_sign_of_life_in_between_starts_anew(clock: Clock, sender: Sender) -> None:
    web = WebLookout(clock)
    for quiet in (QUIET, timedelta(seconds=10), QUIET):
        web.hear(quiet, now())
        clock.time += SURE_AFTER
    assert open_alerts() == set()
    assert not sender.sent.is_set()


def test_while_a_worker_lives_nothing_is_read(clock: Clock, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        WebLookout(clock).hear(timedelta(seconds=1), now())


def test_a_house_that_never_had_a_worker_is_warned_when_its_jobs_are_late(clock: Clock, sender: Sender) -> None:
    web = WebLookout(clock)
    web.hear(None, now())
    clock.time += SURE_AFTER
    web.hear(None, now())
    assert open_alerts() == set()
    seen(JOB, minutes=4)
    web.hear(None, now())
    assert open_alerts() == {("worker_absent", "all")}
    assert Alert.objects.get().context == {"name": ""}


def test_a_database_that_takes_no_row_does_not_close_the_door(
    clock: Clock, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "raise_alert", failing)
    web = WebLookout(clock)
    web.hear(QUIET, now())
    clock.time += SURE_AFTER
    web.hear(QUIET, now())
    assert not sender.sent.is_set()


@pytest.mark.parametrize("door", ["/readyz", "/readyz/worker"])
def test_both_doors_listen(door: str, client: Client, monkeypatch: pytest.MonkeyPatch, sender: Sender) -> None:
    clock = Clock()
    monkeypatch.setattr("config.health.lookout", WebLookout(clock))
    seen(WORKER, seconds=300)
    client.get(door)
    clock.time += SURE_AFTER
    client.get(door)
    assert open_alerts() == {("worker_absent", "all")}


class AtOnce(Thread):
    """SQLite in memory belongs to one thread: there the thread does its work when it is started."""

    def start(self) -> None:
        self.run()


@pytest.mark.django_db(transaction=True)
def test_the_warning_leaves_although_no_worker_runs(
    clock: Clock, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EMAIL_BACKEND = "notifications.backends.files.FileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    if connection.vendor == "sqlite":
        monkeypatch.setattr(module, "Thread", AtOnce)
        monkeypatch.setattr(module.connections, "close_all", lambda: None)
    user = User.objects.create_user("otto", "otto@house.example")
    user.groups.add(Group.objects.create(name="Operator"))
    MessageFactory()
    web = WebLookout(clock)
    web.hear(QUIET, now())
    clock.time += SURE_AFTER
    web.hear(QUIET, now())
    assert web.sending.acquire(timeout=10)
    (mail,) = (tmp_path / "mail").glob("*.eml")
    assert "To: otto@house.example" in mail.read_text()
    assert set(Message.objects.values_list("template", "status")) == {
        ("alert_raised", "sent"),
        ("document_issued", "queued"),
    }


def test_one_thread_at_a_time_sends(clock: Clock, sender: Sender) -> None:
    web = WebLookout(clock)
    web.hear(QUIET, now())
    clock.time += SURE_AFTER
    web.sending.acquire()
    web.hear(QUIET, now())
    assert not sender.sent.wait(0.2)


def test_a_sender_without_a_database_leaves_the_way_free_for_the_next(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "send_urgent_messages", failing)
    monkeypatch.setattr(module.connections, "close_all", lambda: None)
    web = WebLookout(clock)
    web.hear(QUIET, now())
    clock.time += SURE_AFTER
    web.hear(QUIET, now())
    assert web.sending.acquire(timeout=5)
