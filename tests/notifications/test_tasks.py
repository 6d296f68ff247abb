import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection, connections
from django.utils.timezone import now

from notifications.lifecycle import Status
from notifications.models import Message, MessageEvent
from notifications.services.queue_message import queue_message
from notifications.tasks import drain_messages, drain_overdue_messages, sweep_messages
from tests.factories.notifications import DOCUMENT_ISSUED, MessageFactory


def at_once(*calls):
    """Run the calls in threads of their own where the database takes several writers, else one after the other."""
    if connection.vendor != "postgresql":
        for call in calls:
            call()
        return
    gate = threading.Barrier(len(calls))
    failures = []

    def run(call):
        try:
            gate.wait()
            call()
        except Exception as error:
            failures.append(error)
        finally:
            close_old_connections()
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.django_db
def test_the_drain_is_due_exactly_while_a_message_is():
    assert drain_messages.due(now()) is False
    message = MessageFactory(next_at=now() + timedelta(minutes=5))
    assert drain_messages.due(now()) is False
    assert drain_messages.due(now() + timedelta(minutes=6)) is True
    message.move_to(Status.CANCELLED)
    assert drain_messages.due(now() + timedelta(minutes=6)) is False


@pytest.mark.django_db
def test_a_message_whose_sender_died_is_taken_up_when_its_lease_ends(folder):
    message = MessageFactory()
    message.move_to(Status.SENDING, lease_until=now() + timedelta(seconds=30))
    assert drain_overdue_messages.due(now()) is False
    assert drain_overdue_messages.due(now() + timedelta(seconds=31)) is True
    Message.objects.update(lease_until=now() - timedelta(seconds=1))
    drain_overdue_messages()
    message.refresh_from_db()
    assert message.status in {Status.QUEUED, Status.UNKNOWN}
    assert message.doubtful_since is not None
    assert drain_overdue_messages.due(now()) is False


@pytest.mark.django_db
def test_the_longest_due_goes_first(folder, monkeypatch):
    late = MessageFactory(next_at=now() - timedelta(minutes=1))
    early = MessageFactory(next_at=now() - timedelta(minutes=2))
    drain_messages()
    late.refresh_from_db()
    early.refresh_from_db()
    assert early.sent_at < late.sent_at


@pytest.mark.django_db
def test_a_drain_without_budget_claims_nothing(folder, settings):
    settings.DRAIN = {**settings.DRAIN, "budget": 0}
    message = MessageFactory()
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts) == (Status.QUEUED, 0)


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_send_each_message_once(mailbox):
    messages = MessageFactory.create_batch(12)
    at_once(drain_messages, drain_messages, drain_messages, sweep_messages)
    assert set(Message.objects.values_list("status", "attempts")) == {("sent", 1)}
    assert len(mailbox.accepted) == 12
    for message in messages:
        assert sum(str(message.key).encode() in mail for mail in mailbox.accepted) == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_message_queued_at_once_is_one_row_and_one_mail(mailbox):
    def queue():
        queue_message(
            reference="document:7",
            template="document_issued",
            language="es",
            recipient="ana@shop.example",
            context=DOCUMENT_ISSUED,
        )

    at_once(queue, queue, queue, queue)
    assert (Message.objects.count(), MessageEvent.objects.count()) == (1, 1)
    at_once(drain_messages, drain_messages)
    assert len(mailbox.accepted) == 1
