"""The doors of operations: strangers learn up or down, machines and staff the rest."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from config import vitals
from config.heartbeat import WORKER, beat
from config.models import Heartbeat
from tests.factories.people import open_session

pytestmark = pytest.mark.django_db
STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
TOKEN = "a-token-of-forty-characters-0123456789-ab"


def test_alive_needs_no_database(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz", **STRANGER)
    assert (answer.status_code, answer.content, answer["Cache-Control"][:7]) == (200, b"ok", "max-age")


def test_a_stranger_learns_up_or_down_only(client: Client) -> None:
    assert client.get("/readyz", **STRANGER).json() == {"ready": True, "worker": "down"}
    beat(WORKER)
    assert client.get("/readyz", **STRANGER).json() == {"ready": True, "worker": "up"}


def test_a_machine_on_loopback_learns_the_figures(client: Client) -> None:
    answer = client.get("/readyz").json()
    assert answer == {
        "ready": True,
        "worker": "down",
        "database": True,
        "migrations": True,
        "heartbeat_age": None,
        "late_jobs": [],
        "oldest_due": {"events": 0.0, "sales": 0.0, "documents": 0.0, "messages": 0.0},
        "oldest": {"unprocessed_event": 0.0, "dead_letter": 0.0, "open_attempt": 0.0, "doubt": 0.0, "outage": 0.0},
        "documents_in_doubt": 0,
        "breakers": {},
        "queued_tasks": 0,
        "queue_age": 0.0,
        "failed_tasks_last_hour": 0,
        "open_alerts": {},
    }


def test_a_strangers_question_costs_two_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    beat(WORKER)
    client.get("/readyz", **STRANGER)  # the migrations are looked at once per process
    with django_assert_num_queries(2):
        client.get("/readyz", **STRANGER)
    with django_assert_num_queries(1):
        client.get("/readyz/worker", **STRANGER)


def test_what_came_through_a_proxy_is_not_loopback(client: Client) -> None:
    assert "oldest_due" not in client.get("/readyz", headers={"X-Forwarded-For": "203.0.113.9"}).json()
    assert client.get("/metrics", headers={"X-Forwarded-Proto": "https"}).status_code == 403


def test_staff_learn_the_figures_from_anywhere_once_their_second_factor_was_shown(client: Client) -> None:
    client.force_login(ana := User.objects.create_user("ana", is_staff=True))
    assert "oldest_due" not in client.get("/readyz", **STRANGER).json()
    open_session(ana, client=client)
    assert "oldest_due" in client.get("/readyz", **STRANGER).json()


def test_a_customer_with_an_account_does_not(client: Client) -> None:
    open_session(User.objects.create_user("bea"), client=client)
    assert "oldest_due" not in client.get("/readyz", **STRANGER).json()


def test_a_database_that_is_away_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "database_answers", lambda: False)
    answer = client.get("/readyz", **STRANGER)
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


def test_a_database_that_goes_away_meanwhile_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> bool:
        raise OperationalError

    monkeypatch.setattr(vitals, "migrations_are_applied", away)
    assert client.get("/readyz").status_code == 503


def test_missing_migrations_are_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "migrations_are_applied", lambda: False)
    assert client.get("/readyz").json() == {"ready": False, "migrations": False}
    answer = client.get("/readyz", **STRANGER)
    assert (answer.status_code, answer.json()) == (503, {"ready": False})


def test_a_silent_worker_has_a_door_of_its_own(client: Client) -> None:
    assert client.get("/readyz/worker", **STRANGER).status_code == 503
    beat(WORKER)
    assert client.get("/readyz/worker", **STRANGER).status_code == 200
    Heartbeat.objects.update(beat_at=now() - timedelta(seconds=241))
    answer = client.get("/readyz/worker", **STRANGER)
    assert (answer.status_code, answer.json()) == (503, {"ready": False})
    assert client.get("/readyz", **STRANGER).status_code == 200


def test_strangers_get_no_metrics(client: Client) -> None:
    assert client.get("/metrics", **STRANGER).status_code == 403


def test_with_a_token_even_loopback_must_show_it(client: Client, settings: Settings) -> None:
    settings.OPERATIONS_TOKEN = TOKEN
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, **STRANGER).status_code == 200


@pytest.mark.parametrize("door", ["/healthz", "/readyz", "/readyz/worker", "/metrics"])
def test_the_doors_take_no_posts(client: Client, door: str) -> None:
    assert client.post(door).status_code == 405
