import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied

from notifications.errors import ReasonMissing, TransitionRefused
from notifications.lifecycle import Status
from notifications.services.settle_message import cancel_message, confirm_sent
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(django_user_model):
    user = django_user_model.objects.create_user("clerk")
    user.user_permissions.add(Permission.objects.get(codename="resend_message"))
    return user


def test_a_person_confirms_that_a_message_in_doubt_arrived(clerk):
    message = MessageFactory(status=Status.UNKNOWN, next_at=None)
    confirm_sent(message, actor=clerk, reason="the customer has it")
    assert message.status == Status.SENT
    assert [(event.name, event.actor, event.detail) for event in message.events.all()] == [
        ("sent", clerk, "the customer has it")
    ]


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SENDING, Status.FAILED, Status.CANCELLED, Status.SENT])
def test_only_a_doubt_can_be_confirmed(clerk, status):
    message = MessageFactory(status=status)
    with pytest.raises(TransitionRefused):
        confirm_sent(message, actor=clerk, reason="x")
    message.refresh_from_db()
    assert (message.status, message.events.count()) == (status, 0)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.FAILED, Status.UNKNOWN])
def test_what_was_not_sent_can_be_cancelled(clerk, status):
    message = MessageFactory(status=status)
    cancel_message(message, actor=clerk, reason="not wanted")
    assert (message.status, message.next_at) == (Status.CANCELLED, None)


@pytest.mark.parametrize("status", [Status.SENDING, Status.SENT, Status.CANCELLED])
def test_what_is_being_sent_or_was_cannot_be_cancelled(clerk, status):
    message = MessageFactory(status=status)
    with pytest.raises(TransitionRefused):
        cancel_message(message, actor=clerk, reason="too late")
    message.refresh_from_db()
    assert message.status == status


@pytest.mark.parametrize("act", [confirm_sent, cancel_message])
def test_a_permission_and_a_reason_are_required(act, clerk, django_user_model):
    message = MessageFactory(status=Status.UNKNOWN)
    with pytest.raises(PermissionDenied):
        act(message, actor=django_user_model.objects.create_user("visitor"), reason="x")
    with pytest.raises(ReasonMissing):
        act(message, actor=clerk, reason=" ")
    message.refresh_from_db()
    assert (message.status, message.events.count()) == (Status.UNKNOWN, 0)
