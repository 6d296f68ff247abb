from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from notifications.errors import TransitionRefused
from notifications.lifecycle import TRANSITIONS, Status
from notifications.models import Message
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("before", "after"), list(product(Status.values, Status.values)))
def test_a_message_moves_only_as_the_table_allows(before, after):
    message = MessageFactory(status=before)
    if after in TRANSITIONS[before]:
        message.move_to(after, detail="why")
        assert (message.status, [event.name for event in message.events.all()]) == (after, [after])
    else:
        with pytest.raises(TransitionRefused):
            message.move_to(after)
        message.refresh_from_db()
        assert (message.status, message.events.count()) == (before, 0)


def test_a_stale_copy_is_refused():
    message = MessageFactory()
    stale = Message.objects.get(pk=message.pk)
    message.move_to(Status.CANCELLED)
    with pytest.raises(TransitionRefused):
        stale.move_to(Status.SENDING)
    message.refresh_from_db()
    assert (message.status, message.events.count()) == (Status.CANCELLED, 1)


def test_a_copy_from_an_earlier_claim_is_refused():
    message = MessageFactory(status=Status.SENDING, lease_until=now())
    stale = Message.objects.get(pk=message.pk)
    Message.objects.update(lease_until=now() + timedelta(minutes=2))
    with pytest.raises(TransitionRefused):
        stale.move_to(Status.SENT)
    message.refresh_from_db()
    assert (message.status, message.events.count()) == (Status.SENDING, 0)


def test_a_reference_template_and_number_name_one_row():
    message = MessageFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageFactory(reference=message.reference)
    assert Message.objects.count() == 1
