from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from notifications.errors import InvalidRecipient, OnItsWay, ReasonMissing
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.services.resend_message import resend_message
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(django_user_model):
    user = django_user_model.objects.create_user("clerk")
    user.user_permissions.add(Permission.objects.get(codename="resend_message"))
    return user


def sent(**changes):
    return MessageFactory(**{"status": Status.SENT, "next_at": None, "sent_at": now(), **changes})


def test_a_resend_is_a_new_row_with_the_next_number_actor_and_reason(clerk):
    message = sent()
    again = resend_message(message, actor=clerk, reason=" lost it ")
    assert again.pk != message.pk
    assert (again.number, again.status, again.actor, again.reason) == (2, Status.QUEUED, clerk, "lost it")
    assert (again.reference, again.template, again.language) == (message.reference, message.template, message.language)
    assert (again.context, again.recipient) == (message.context, message.recipient)
    assert again.key != message.key


def test_a_resend_can_go_to_another_address(clerk):
    message = sent()
    assert resend_message(message, actor=clerk, reason="new address", recipient="new@shop.example").recipient == (
        "new@shop.example"
    )
    message.refresh_from_db()
    assert message.recipient != "new@shop.example"


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SENDING])
def test_a_message_on_its_way_is_not_doubled(clerk, status):
    message = MessageFactory(status=status)
    with pytest.raises(OnItsWay):
        resend_message(message, actor=clerk, reason="impatient")
    assert Message.objects.count() == 1


def test_a_double_click_is_one_mail(clerk):
    message = sent()
    again = resend_message(message, actor=clerk, reason="lost it")
    with pytest.raises(OnItsWay):
        resend_message(message, actor=clerk, reason="lost it")
    Message.objects.filter(pk=again.pk).update(status=Status.SENT)
    with pytest.raises(OnItsWay):
        resend_message(message, actor=clerk, reason="lost it")
    assert Message.objects.count() == 2


def test_after_a_minute_it_can_be_sent_once_more(clerk):
    message = sent()
    again = resend_message(message, actor=clerk, reason="lost it")
    Message.objects.filter(pk=again.pk).update(status=Status.SENT, created_at=now() - timedelta(seconds=61))
    assert resend_message(message, actor=clerk, reason="lost it again").number == 3


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNKNOWN])
def test_a_resend_answers_what_failed_or_was_in_doubt(clerk, status):
    message = MessageFactory(status=status, next_at=None)
    resend_message(message, actor=clerk, reason="try again")
    message.refresh_from_db()
    assert message.status == Status.CANCELLED
    assert [(event.name, event.actor) for event in message.events.all()] == [("cancelled", clerk)]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_required(clerk, reason):
    with pytest.raises(ReasonMissing):
        resend_message(sent(), actor=clerk, reason=reason)
    assert Message.objects.count() == 1


def test_an_impossible_address_is_refused(clerk):
    with pytest.raises(InvalidRecipient):
        resend_message(sent(), actor=clerk, reason="x", recipient="a@b.example\nBcc: c@d.example")
    assert Message.objects.count() == 1


def test_without_the_permission_nothing_happens(django_user_model):
    for actor in (None, django_user_model.objects.create_user("visitor")):
        with pytest.raises(PermissionDenied):
            resend_message(sent(), actor=actor, reason="curious")
    assert Message.objects.filter(number__gt=1).count() == 0
