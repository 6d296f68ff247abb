from datetime import timedelta

import pytest
from django.utils.module_loading import import_string
from django.utils.timezone import now

from billing import tasks
from billing.models import InboundEvent, Sale
from tests.factories.billing import InboundEventFactory, SaleFactory

State = InboundEvent.State
pytestmark = pytest.mark.django_db


def test_the_drains_of_the_settings_are_here(settings):
    names = [name for name in settings.DRAINS if name.startswith("billing.")]
    drains = ["drain_events", "drain_sales", "drain_buyers", "drain_tax_requests", "drain_reversals"]
    drains += ["drain_corrections", "drain_approvals", "drain_simulations"]
    assert names == [f"billing.tasks.{name}" for name in drains]
    assert all(callable(import_string(name).due) for name in names)


def test_the_schedules_of_the_settings_are_here(settings):
    names = [task for task, _ in settings.SCHEDULES.values() if task.startswith("billing.")]
    assert {"billing.tasks.sweep_events", "billing.tasks.catch_up_events"} <= set(names)
    assert all(callable(import_string(name)) for name in names)


@pytest.mark.parametrize(
    ("state", "seconds", "due"),
    [
        (State.NEW, -1, True),
        (State.RETRY, -1, True),
        (State.RETRY, 60, False),
        (State.DONE, -1, False),
        (State.IGNORED, -1, False),
        (State.DEAD, -1, False),
        (State.POISON, -1, False),
        (State.PROCESSING, -1, False),
    ],
)
def test_the_bell_rings_for_events_that_are_due(state, seconds, due, django_assert_num_queries):
    lease = now() + timedelta(seconds=60)
    InboundEventFactory(state=state, next_at=now() + timedelta(seconds=seconds), lease_until=lease)
    with django_assert_num_queries(1):
        assert tasks.drain_events.due(now()) is due


def test_the_bell_rings_for_events_of_dead_workers():
    InboundEventFactory(state=State.PROCESSING, lease_until=now() - timedelta(seconds=1))
    assert tasks.drain_events.due(now()) is True


def test_the_bell_is_silent_again_after_the_drain(stripe_sandbox):
    InboundEventFactory(type="balance.available")
    tasks.drain_events()
    assert tasks.drain_events.due(now()) is False
    assert InboundEvent.objects.get().state == State.IGNORED


@pytest.mark.parametrize(
    ("outcome", "seconds", "due"),
    [(Sale.Outcome.PENDING, -1, True), (Sale.Outcome.PENDING, 60, False), (Sale.Outcome.NOT_APPLICABLE, -1, False)],
)
def test_the_bell_rings_for_sales_that_are_due(outcome, seconds, due, django_assert_num_queries):
    SaleFactory(outcome=outcome, reasons=[{"code": "x"}], next_at=now() + timedelta(seconds=seconds))
    with django_assert_num_queries(1):
        assert tasks.drain_sales.due(now()) is due


def test_the_sweep_looks_at_the_inbox(caplog):
    InboundEventFactory(state=State.DEAD, next_at=None)
    tasks.sweep_events()
    assert "wait for a person" in caplog.text


def test_the_catch_up_reads_nothing_without_an_endpoint(stripe_sandbox):
    tasks.catch_up_events()
    assert stripe_sandbox.world.calls.found() == []
