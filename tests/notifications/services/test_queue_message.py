import pytest
from django.db import transaction

from notifications.errors import InvalidMessage, InvalidRecipient
from notifications.lifecycle import Status
from notifications.models import Message, MessageEvent
from notifications.services.queue_message import queue_message
from tests.factories.notifications import DOCUMENT_ISSUED, MessageFactory

pytestmark = pytest.mark.django_db


def queue(**changes):
    values = {
        "reference": "document:7",
        "template": "document_issued",
        "language": "es",
        "recipient": "ana@shop.example",
        "context": DOCUMENT_ISSUED,
    }
    return queue_message(**{**values, **changes})


def test_a_message_is_due_at_once_and_has_an_event():
    message = queue()
    assert (message.status, message.number, message.language, message.recipient) == (
        Status.QUEUED,
        1,
        "es",
        "ana@shop.example",
    )
    assert message.context == DOCUMENT_ISSUED
    assert Message.objects.due(message.next_at).get() == message
    assert [(event.name, event.detail) for event in message.events.all()] == [("queued", "")]


def test_the_same_message_is_queued_once_and_keeps_its_first_words():
    first, second = queue(), queue(recipient="other@shop.example", language="ro")
    assert second == first
    assert second.recipient == "ana@shop.example"
    assert (Message.objects.count(), MessageEvent.objects.count()) == (1, 1)


def test_another_reference_or_number_is_another_message():
    assert len({queue().pk, queue(reference="document:8").pk, queue(number=2).pk}) == 3


def test_it_is_undone_with_the_callers_transaction():
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert Message.objects.count() == 0


def test_wrong_values_leave_no_row():
    with pytest.raises(InvalidMessage):
        queue(context={"total": "1"})
    assert Message.objects.count() == 0


def test_a_machine_leaves_an_impossible_address_as_a_failure_that_people_see():
    message = queue(recipient="ana@shop.example\r\nBcc: all@shop.example\x00")
    assert (message.status, message.next_at, message.recipient) == (
        Status.FAILED,
        None,
        "ana@shop.example Bcc: all@shop.example",
    )
    assert message.last_error == "This is not an e-mail address to which a mail can be sent."
    assert [event.name for event in message.events.all()] == ["failed"]


def test_a_person_is_asked_for_another_address(django_user_model):
    actor = django_user_model.objects.create_user("clerk")
    with pytest.raises(InvalidRecipient):
        queue(recipient="nobody", actor=actor, reason="asked for it")
    assert Message.objects.count() == 0


def test_a_later_number_closes_what_failed_or_is_in_doubt_and_nothing_else(django_user_model):
    actor = django_user_model.objects.create_user("clerk")
    series = {"reference": "document:7", "next_at": None}
    failed = MessageFactory(**series, number=1, status=Status.FAILED)
    unknown = MessageFactory(**series, number=2, status=Status.UNKNOWN)
    sent = MessageFactory(**series, number=3, status=Status.SENT)
    foreign = MessageFactory(reference="document:8", number=1, status=Status.FAILED)
    message = queue(number=4, actor=actor, reason="wrong address")
    for row in (failed, unknown, sent, foreign):
        row.refresh_from_db()
    assert [row.status for row in (failed, unknown, sent, foreign)] == ["cancelled", "cancelled", "sent", "failed"]
    assert [(event.detail, event.actor) for event in failed.events.all()] == [("Replaced by number 4.", actor)]
    assert (message.actor, message.reason) == (actor, "wrong address")
