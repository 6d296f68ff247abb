"""What says that nobody sends is sent all the same, and nothing else with it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now

from notifications.answers import Meaning
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.services import send_urgent
from notifications.services.send_message import claim_message
from notifications.services.send_urgent import send_urgent_messages
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_only_urgent_ones_leave_and_each_once(folder: Path):
    MessageFactory.create_batch(2)
    MessageFactory.create_batch(3, is_urgent=True)
    MessageFactory(is_urgent=True, next_at=now() + timedelta(minutes=5))
    assert send_urgent_messages() == 3
    assert send_urgent_messages() == 0
    assert len(list(folder.glob("*.eml"))) == 3
    sent = Message.objects.filter(status=Status.SENT)
    assert set(sent.values_list("is_urgent", flat=True)) == {True}


def test_the_worker_takes_urgent_ones_before_all_that_waited_longer():
    waiting = MessageFactory(next_at=now() - timedelta(hours=2))
    urgent = MessageFactory(is_urgent=True, next_at=now() - timedelta(seconds=1))
    assert [claim_message(now()), claim_message(now()), claim_message(now())] == [urgent, waiting, None]


@pytest.mark.parametrize("meaning", [Meaning.BUSY, Meaning.NOT_SENT])
def test_it_stops_where_the_provider_is_busy_and_counts_what_left(meaning: Meaning, monkeypatch: pytest.MonkeyPatch):
    MessageFactory.create_batch(3, is_urgent=True)
    answers = iter([None, meaning, None])
    monkeypatch.setattr(send_urgent, "send_claimed_message", lambda message: next(answers))
    assert send_urgent_messages() == (1 if meaning is Meaning.BUSY else 2)


def test_it_ends_within_the_budget_of_a_drain(settings):
    settings.DRAIN = {**settings.DRAIN, "budget": 0}
    MessageFactory(is_urgent=True)
    assert send_urgent_messages() == 0
    assert Message.objects.get().status == Status.QUEUED
