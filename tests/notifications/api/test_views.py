from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from notifications.lifecycle import Status
from tests.factories.config import api_client
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/messages/"
MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def ids(question=""):
    answer = api_client("messages:read").get(f"{ADDRESS}?{question}")
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def test_a_message_shows_how_it_fares_and_nothing_of_its_words():
    message = MessageFactory(
        reference="document:7",
        status=Status.SENT,
        attempts=2,
        next_at=None,
        sent_at=MOMENT,
        created_at=MOMENT,
        subject="Factura",
        body_text="secret words",
        last_error="to ana@shop.example",
    )
    answer = api_client().get(f"{ADDRESS}{message.pk}/")
    assert answer.json() == {
        "id": message.pk,
        "reference": "document:7",
        "template": "document_issued",
        "number": 1,
        "language": "es",
        "status": "sent",
        "attempts": 2,
        "provider_message_id": "",
        "next_at": None,
        "sent_at": "2026-11-20T12:00:00Z",
        "created_at": "2026-11-20T12:00:00Z",
    }


def test_lists_are_filtered():
    queued = MessageFactory(created_at=MOMENT)
    sent = MessageFactory(status=Status.SENT, sent_at=MOMENT, created_at=MOMENT + timedelta(days=1))
    assert ids() == [sent.pk, queued.pk]
    assert ids("status=sent") == [sent.pk]
    assert ids(f"reference={queued.reference}") == [queued.pk]
    assert ids("template=document_issued&status=failed") == []
    assert ids("created_after=2026-11-20T12:00:00Z") == [sent.pk, queued.pk]
    assert ids("created_before=2026-11-20T12:00:00Z") == []
    assert ids("created_before=2026-11-21T12:00:00Z") == [queued.pk]
    assert ids("sent_after=2026-11-20T06:00:00-06:00&sent_before=2026-11-20T06:00:01-06:00") == [sent.pk]


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    client = api_client()
    client.get(ADDRESS)
    for _i in range(2):
        MessageFactory.create_batch(20, created_at=now())
        with django_assert_num_queries(2):
            client.get(ADDRESS)
