import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.timezone import now

from billing.models import InboundEvent, ObjectLease
from billing.services.sweep_events import InboxState, sweep_events
from tests.factories.billing import InboundEventFactory

State = InboundEvent.State
pytestmark = pytest.mark.django_db


def test_an_inbox_that_is_worked_off_raises_no_alarm(caplog):
    InboundEventFactory(state=State.NEW)
    InboundEventFactory(state=State.DONE, next_at=None)
    InboundEventFactory(state=State.RETRY, next_at=now() + timedelta(hours=1))
    assert sweep_events() == InboxState(late=0, given_up=0, oldest_due_at=None)
    assert caplog.records == []


def test_new_events_that_nobody_takes_raise_the_alarm(caplog):
    oldest = now() - timedelta(minutes=9)
    InboundEventFactory(next_at=oldest)
    InboundEventFactory(next_at=now() - timedelta(minutes=3))
    InboundEventFactory(next_at=now() - timedelta(minutes=1))
    assert sweep_events() == InboxState(late=2, given_up=0, oldest_due_at=oldest)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_events_for_a_person_raise_the_alarm(caplog):
    InboundEventFactory(state=State.DEAD, next_at=None)
    InboundEventFactory(state=State.POISON, next_at=None)
    assert sweep_events().given_up == 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_what_dead_workers_left_is_cleared_away():
    InboundEventFactory(state=State.PROCESSING, attempts=8, lease_until=now() - timedelta(seconds=1))
    ObjectLease.objects.create(key="cus_1", holder=uuid4(), until=now() - timedelta(seconds=1))
    assert sweep_events().given_up == 1
    assert not ObjectLease.objects.exists()


def test_a_second_sweep_changes_nothing():
    InboundEventFactory(state=State.PROCESSING, attempts=8, lease_until=now() - timedelta(seconds=1))
    sweep_events()
    before = list(InboundEvent.objects.values())
    sweep_events()
    assert list(InboundEvent.objects.values()) == before
