from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.utils.timezone import now

from notifications.errors import ReasonMissing, TransitionRefused
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.services.retry_message import retry_message
from notifications.tasks import drain_messages
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(django_user_model):
    user = django_user_model.objects.create_user("clerk")
    user.user_permissions.add(Permission.objects.get(codename="resend_message"))
    return user


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNKNOWN])
def test_it_goes_out_under_the_same_number(clerk, mailbox, status):
    message = MessageFactory(status=status, next_at=None, attempts=6, doubtful_since=now() - timedelta(days=3))
    retry_message(message, actor=clerk, reason="the server is mended")
    assert (message.status, message.attempts, message.doubtful_since) == (Status.QUEUED, 0, None)
    drain_messages()
    message.refresh_from_db()
    assert (message.status, len(mailbox.accepted), Message.objects.count()) == (Status.SENT, 1, 1)
    assert [(event.name, event.detail) for event in message.events.all()][0] == ("queued", "the server is mended")


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SENT, Status.CANCELLED])
def test_what_did_not_fail_is_not_tried_again(clerk, status):
    message = MessageFactory(status=status)
    with pytest.raises(TransitionRefused):
        retry_message(message, actor=clerk, reason="once more")
    message.refresh_from_db()
    assert (message.status, message.events.count()) == (status, 0)


def test_a_permission_and_a_reason_are_required(clerk, django_user_model):
    message = MessageFactory(status=Status.FAILED, next_at=None)
    with pytest.raises(PermissionDenied):
        retry_message(message, actor=django_user_model.objects.create_user("visitor"), reason="x")
    with pytest.raises(ReasonMissing):
        retry_message(message, actor=clerk, reason="")
    message.refresh_from_db()
    assert message.status == Status.FAILED
