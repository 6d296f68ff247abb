from datetime import timedelta

import pytest
from django.utils.timezone import now

from notifications.lifecycle import Status
from notifications.services.record_outcome import LEASE
from notifications.services.sweep_messages import sweep_overdue_messages
from tests.factories.notifications import MessageFactory

pytestmark = pytest.mark.django_db
FILES = "notifications.backends.files.FileBackend"
RESEND = "notifications.backends.resend.ResendBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def abandoned(*, ago=timedelta(minutes=1), **changes):
    """A message whose lease ended some time ago."""
    values = {"status": Status.SENDING, "attempts": 1, "backend": SMTP, "lease_until": now() - ago}
    return MessageFactory(**{**values, **changes})


def test_a_message_within_its_lease_is_left_alone():
    message = abandoned(ago=timedelta(seconds=-5))
    assert sweep_overdue_messages() == 0
    message.refresh_from_db()
    assert message.status == Status.SENDING


def test_without_a_key_the_doubt_is_left_to_a_person():
    message = abandoned()
    since = message.lease_until - LEASE
    assert sweep_overdue_messages() == 1
    message.refresh_from_db()
    assert (message.status, message.next_at, message.lease_until) == (Status.UNKNOWN, None, None)
    assert message.doubtful_since == since
    assert message.last_error.startswith("The sender died")
    assert [event.name for event in message.events.all()] == ["unknown"]
    assert sweep_overdue_messages() == 0


@pytest.mark.parametrize("backend", [FILES, RESEND])
def test_a_provider_that_knows_the_key_is_asked_again(backend):
    message = abandoned(backend=backend)
    sweep_overdue_messages()
    message.refresh_from_db()
    assert (message.status, message.lease_until) == (Status.QUEUED, None)
    assert timedelta(seconds=25) < message.next_at - now() <= timedelta(seconds=30)
    assert message.doubtful_since is not None


def test_a_provider_that_has_forgotten_the_key_is_not_asked_again():
    message = abandoned(backend=RESEND, ago=timedelta(hours=23))
    sweep_overdue_messages()
    message.refresh_from_db()
    assert message.status == Status.UNKNOWN


def test_the_memory_of_the_provider_counts_from_the_first_doubt():
    message = abandoned(backend=RESEND, attempts=3, doubtful_since=now() - timedelta(hours=22, minutes=55))
    sweep_overdue_messages()
    message.refresh_from_db()
    assert message.status == Status.UNKNOWN


def test_the_sixth_death_is_left_to_a_person():
    message = abandoned(backend=FILES, attempts=6)
    sweep_overdue_messages()
    message.refresh_from_db()
    assert message.status == Status.UNKNOWN
