"""What a scrape tells: every figure from rows, none of a customer, and as cheap with a million rows as with one."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from billing.models import InboundEvent
from config import vitals
from config.metrics import exposition
from config.models import Heartbeat
from notifications.services.alert import raise_alert
from smartbill.breaker import State
from smartbill.lifecycle import Status
from smartbill.models import Channel, Outage
from tests.factories.billing import InboundEventFactory
from tests.factories.documents import make_attempt, make_document
from tests.factories.notifications import MessageFactory
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db


def scraped(client: Client) -> dict[str, float]:
    lines = client.get("/metrics").content.decode().splitlines()
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_an_empty_house_has_all_its_gauges_at_zero(client: Client) -> None:
    found = scraped(client)
    assert {value for value in found.values()} == {0.0}
    for name in (
        'sello_oldest_due_seconds{table="events"}',
        'sello_oldest_seconds{what="unprocessed_event"}',
        'sello_oldest_seconds{what="dead_letter"}',
        'sello_oldest_seconds{what="open_attempt"}',
        'sello_oldest_seconds{what="doubt"}',
        "sello_queue_age_seconds",
        "sello_queued_tasks",
        "sello_failed_tasks_last_hour",
        'sello_open_alerts{kind="breaker_open"}',
        'sello_documents{state="unknown"}',
        'sello_events{state="dead"}',
        'sello_sales{state="held"}',
        'sello_messages{state="failed"}',
    ):
        assert name in found


def test_signs_of_life_come_with_the_silence_after_which_they_are_missed(client: Client) -> None:
    for name in ("worker", "host:one", "sello.catch_up_events"):
        Heartbeat.objects.create(name=name, beat_at=now() - timedelta(seconds=30))
    found = scraped(client)
    for name, limit in (("worker", 240), ("host:one", 240), ("sello.catch_up_events", 2700)):
        assert 30 <= found[f'sello_heartbeat_age_seconds{{name="{name}"}}'] < 40
        assert found[f'sello_heartbeat_limit_seconds{{name="{name}"}}'] == limit


def test_the_oldest_of_each_is_told_by_its_own_clock(client: Client) -> None:
    def ago(minutes: int) -> dict[str, object]:
        return {"received_at": now() - timedelta(minutes=minutes)}

    InboundEventFactory(state=InboundEvent.State.DONE, **ago(500))
    InboundEventFactory(state=InboundEvent.State.RETRY, next_at=now() + timedelta(hours=1), **ago(20))
    InboundEventFactory(state=InboundEvent.State.NEW, **ago(10))
    InboundEventFactory(state=InboundEvent.State.POISON, **ago(90))
    document = make_document(Status.SUBMITTING)
    make_attempt(document, outcome=None, started_at=now() - timedelta(minutes=3))
    doubt = make_document(Status.UNKNOWN)
    type(doubt).objects.filter(pk=doubt.pk).update(status_since=now() - timedelta(hours=5))
    began = now() - timedelta(hours=2)
    Outage.objects.create(issuer=doubt.issuer, opened_at=began, first_evidence_at=began, last_evidence_at=began)
    OrmQ.objects.create(key="sello", payload="", lock=now() - timedelta(seconds=50))
    OrmQ.objects.create(key="sello", payload="", lock=now() + timedelta(seconds=300))
    found = scraped(client)
    assert [
        round(found[f'sello_oldest_seconds{{what="{what}"}}'] / 60)
        for what in ("unprocessed_event", "dead_letter", "open_attempt", "doubt", "outage")
    ] == [20, 90, 3, 300, 120]
    assert 50 <= found["sello_queue_age_seconds"] < 60
    assert found["sello_queued_tasks"] == 2
    assert (found['sello_events{state="retry"}'], found['sello_documents{state="unknown"}']) == (1, 1)


def test_an_event_left_by_a_dead_worker_is_due_since_its_lease_ended(client: Client) -> None:
    InboundEventFactory(state=InboundEvent.State.PROCESSING, lease_until=now() - timedelta(seconds=70))
    assert 70 <= scraped(client)['sello_oldest_due_seconds{table="events"}'] < 80


def test_the_breaker_of_each_account_is_one_of_its_states(client: Client) -> None:
    calm, ill = IssuerFactory(), IssuerFactory()
    Channel.objects.update_or_create(issuer=calm, defaults={"state": State.CLOSED})
    Channel.objects.update_or_create(issuer=ill, defaults={"state": State.OPEN, "limit": 4})
    found = scraped(client)
    told = {name: value for name, value in found.items() if name.startswith("sello_breaker")}
    assert {name for name, value in told.items() if value} == {
        f'sello_breaker{{issuer="{calm.pk}",state="closed"}}',
        f'sello_breaker{{issuer="{ill.pk}",state="open"}}',
    }
    assert len(told) == 2 * len(State.values)
    assert found[f'sello_calls_limit{{issuer="{ill.pk}"}}'] == 4


def test_open_alerts_are_counted_by_kind(client: Client) -> None:
    raise_alert(kind="unknown_old", key="document:1")
    raise_alert(kind="unknown_old", key="document:2")
    found = scraped(client)
    assert found['sello_open_alerts{kind="unknown_old"}'] == 2
    assert found['sello_open_alerts{kind="breaker_open"}'] == 0


def test_rows_at_rest_are_not_counted(client: Client) -> None:
    make_document(Status.STAMPED)
    MessageFactory(status="sent", next_at=None)
    InboundEventFactory(state=InboundEvent.State.DONE)
    assert {value for value in scraped(client).values()} == {0.0}


def test_nothing_of_a_customer_is_in_a_name(client: Client) -> None:
    document = make_document(Status.UNKNOWN)
    make_document(Status.HELD)
    raise_alert(kind="unknown_old", key="ana@shop.example", context={"name": "Ana"})
    InboundEventFactory(state=InboundEvent.State.DEAD)
    text = client.get("/metrics").content.decode()
    assert set(re.findall(r'\b(\w+)="', text)) == {"kind", "state", "table", "what"}
    for word in ("ana", "Ana", document.reference, document.customer_name, "evt_"):
        assert word not in text


def test_the_number_of_queries_does_not_grow_with_the_rows(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queries = 23
    with django_assert_num_queries(queries):
        client.get("/metrics")
    for status in (Status.UNKNOWN, Status.HELD, Status.READY):
        make_document(status)
    InboundEventFactory.create_batch(5)
    Channel.objects.update_or_create(issuer=IssuerFactory(), defaults={})
    Heartbeat.objects.create(name="worker", beat_at=now())
    with django_assert_num_queries(queries):
        client.get("/metrics")


def test_with_redis_as_broker_the_length_of_its_list_is_told(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broker:
        def queue_size(self) -> int:
            return 7

    settings.Q_CLUSTER = {key: value for key, value in settings.Q_CLUSTER.items() if key != "orm"}
    monkeypatch.setattr(vitals, "get_broker", Broker)
    assert vitals.queued_tasks() == 7


LARGE = ("billing_inboundevent", "billing_sale", "smartbill_document", "smartbill_attempt", "notifications_message")


def plans_of(queries: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each step in which a large table is read, and its query."""
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # the tables of a test are too small for an index
        for query in queries:
            if any(f'FROM "{table}"' in query["sql"] for table in LARGE):
                cursor.execute(explain + query["sql"])
                steps = [str(row[-1]).strip() for row in cursor.fetchall()]
                yield from ((step, query["sql"]) for step in steps if any(table in step for table in LARGE))


def test_no_figure_reads_a_large_table_whole() -> None:
    with CaptureQueriesContext(connection) as context:
        exposition()
    steps = list(plans_of(context.captured_queries))
    assert {table for table in LARGE if any(table in step for step, _query in steps)} == set(LARGE)
    assert [(step, query) for step, query in steps if re.match(r"SCAN|.*Seq Scan", step)] == []
