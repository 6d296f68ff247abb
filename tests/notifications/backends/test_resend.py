import json
from datetime import timedelta

import pytest
import requests
import responses
import time_machine
from django.utils.timezone import now

from notifications.lifecycle import Status
from notifications.tasks import drain_messages
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db
ADDRESS = "https://api.resend.com/emails"
TAKEN = {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}


@pytest.fixture(autouse=True)
def resend(settings):
    settings.EMAIL_BACKEND = "notifications.backends.resend.ResendBackend"
    settings.ANYMAIL = {"RESEND_API_KEY": "re_test_1"}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as stand_in:
        yield stand_in


def later():
    """The next try, when every delay is over."""
    with time_machine.travel(now() + timedelta(hours=5), tick=False):
        drain_messages()


def test_the_key_rides_in_the_header_of_the_request(resend):
    resend.post(ADDRESS, json=TAKEN)
    message = MessageFactory()
    drain_messages()
    message.refresh_from_db()
    request = resend.calls[0].request
    body = json.loads(request.body)
    assert request.headers["Idempotency-Key"] == str(message.key)
    assert request.headers["Authorization"] == "Bearer re_test_1"
    assert (body["to"], body["subject"], body["text"]) == ([message.recipient], message.subject, message.body_text)
    assert body["reply_to"] == ["facturas@cafe.example"]
    assert "X-Metadata" not in body["headers"]
    assert (message.status, message.provider_message_id) == (Status.SENT, TAKEN["id"])


@pytest.mark.parametrize(
    "first", [{"status": 500}, {"status": 409, "json": {}}, {"body": requests.exceptions.ReadTimeout()}]
)
def test_after_a_doubt_the_same_bytes_are_sent_under_the_same_key(resend, first):
    resend.post(ADDRESS, **first)
    message = MessageFactory()
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.doubtful_since is None) == (Status.QUEUED, False)
    resend.replace(responses.POST, ADDRESS, json=TAKEN)
    later()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.doubtful_since) == (Status.SENT, 2, None)
    before, after = resend.calls
    assert before.request.headers["Idempotency-Key"] == after.request.headers["Idempotency-Key"]
    assert before.request.body == after.request.body


def test_after_a_doubt_a_forgotten_key_is_not_used_again(resend):
    resend.post(ADDRESS, status=500)
    message = MessageFactory()
    drain_messages()
    with time_machine.travel(now() + timedelta(hours=23), tick=False):
        drain_messages()
    message.refresh_from_db()
    assert (message.status, len(resend.calls)) == (Status.UNKNOWN, 1)


def test_six_doubts_are_left_to_a_person(resend):
    resend.post(ADDRESS, status=503)
    message = MessageFactory()
    drain_messages()
    for hours in (1, 2, 4, 8, 16):
        with time_machine.travel(now() + timedelta(hours=hours), tick=False):
            drain_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts, len(resend.calls)) == (Status.UNKNOWN, 6, 6)


def test_a_busy_provider_costs_no_try_and_ends_the_drain(resend):
    resend.post(ADDRESS, status=429, json={}, headers={"Retry-After": "30"})
    messages = MessageFactory.create_batch(3)
    drain_messages()
    assert len(resend.calls) == 1
    for message in messages:
        message.refresh_from_db()
    assert [(message.status, message.attempts) for message in messages] == [(Status.QUEUED, 0)] * 3
    assert timedelta(seconds=25) < messages[0].next_at - now() <= timedelta(seconds=30)


def test_a_provider_that_is_busy_for_a_day_costs_tries(resend):
    resend.post(ADDRESS, status=429, json={})
    message = MessageFactory(created_at=now() - timedelta(days=2))
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts) == (Status.QUEUED, 1)


def test_a_wrong_key_is_tried_again_and_a_wrong_mail_is_not(resend):
    resend.post(ADDRESS, status=401, json={})
    message = MessageFactory()
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.doubtful_since) == (Status.QUEUED, None)
    resend.replace(responses.POST, ADDRESS, status=422, json={"message": "Invalid `to` field."})
    later()
    message.refresh_from_db()
    assert message.status == Status.FAILED
    assert "Invalid `to` field." in message.last_error
