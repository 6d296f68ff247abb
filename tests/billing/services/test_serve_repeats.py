from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from billing.dispatch import DISPATCH
from billing.models import InboundEvent
from billing.services.process_event import process_due_events
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory

State = InboundEvent.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(shop: Any) -> dict[str, Any]:
    return shop.customer("Ñandú", "pagos@nandu.example")


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    events: list[str] = []
    monkeypatch.setitem(DISPATCH, "customer.updated", lambda *, event: events.append(event.event_id))
    return events


@pytest.fixture
def endpoint() -> Any:
    return StripeEndpointFactory.create()


def told(customer: dict[str, Any], endpoint: Any, number: int = 1, **changes: Any) -> list[InboundEvent]:
    columns = {"type": "customer.updated", "object_id": customer["id"], "customer_id": customer["id"]}
    return InboundEventFactory.create_batch(number, endpoint=endpoint, **columns | changes)


def state_of(event: InboundEvent) -> tuple[str, bool, bool]:
    event.refresh_from_db()
    return event.state, event.handled_at is not None, event.mirrored_at is not None


def test_a_hundred_events_of_an_object_cost_one_reading(
    customer: Any, endpoint: Any, handled: list[str], stripe_sandbox: Any
) -> None:
    events = told(customer, endpoint, 100)
    stripe_sandbox.world.calls.clear()
    assert process_due_events() == 1
    assert handled == [events[0].event_id]
    assert {state_of(event) for event in events} == {(State.DONE, True, True)}
    # dj-stripe reads a customer twice, once with its sources.
    assert len(stripe_sandbox.world.calls.found()) == 2


def test_what_is_closed_with_another_waits_for_nothing(customer: Any, endpoint: Any, handled: list[str]) -> None:
    failed = told(customer, endpoint, state=State.RETRY, next_at=now() + timedelta(hours=1), last_error="Unavailable")[
        0
    ]
    told(customer, endpoint)
    process_due_events()
    failed.refresh_from_db()
    assert (failed.state, failed.next_at, failed.lease_until, failed.last_error) == (State.DONE, None, None, "")


def test_what_arrives_while_the_object_is_read_is_read_again(
    customer: Any, endpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handled = []

    def handle(*, event: InboundEvent) -> None:
        if not handled:
            told(customer, endpoint, event_id="evt_late")
        handled.append(event.event_id)

    monkeypatch.setitem(DISPATCH, "customer.updated", handle)
    first = told(customer, endpoint)[0]
    assert process_due_events() == 2
    assert handled == [first.event_id, "evt_late"]


@pytest.mark.parametrize(
    "changes",
    [{"type": "customer.created"}, {"object_id": "cus_other"}, {"livemode": True}, {"state": State.DEAD}],
)
def test_what_says_something_else_is_left_alone(
    customer: Any, endpoint: Any, handled: list[str], changes: dict[str, Any]
) -> None:
    (other,) = told(customer, endpoint, next_at=now() + timedelta(hours=1), **changes)
    before = state_of(other)
    told(customer, endpoint)
    process_due_events()
    assert state_of(other) == before


def test_the_event_of_another_endpoint_has_its_own_meaning(customer: Any, endpoint: Any, handled: list[str]) -> None:
    told(customer, endpoint)
    told(customer, StripeEndpointFactory.create())
    assert process_due_events() == 2
    assert len(handled) == 2


def test_what_another_worker_has_in_hand_stays_there(customer: Any, endpoint: Any, handled: list[str]) -> None:
    until = now() + timedelta(seconds=60)
    (taken,) = told(customer, endpoint, state=State.PROCESSING, lease_until=until, attempts=1)
    told(customer, endpoint)
    process_due_events()
    taken.refresh_from_db()
    assert (taken.state, taken.lease_until, taken.handled_at) == (State.PROCESSING, until, None)


def test_a_failure_serves_nobody(customer: Any, endpoint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*, event: InboundEvent) -> None:
        raise ValueError("no")

    monkeypatch.setitem(DISPATCH, "customer.updated", fail)
    events = told(customer, endpoint, 3)
    assert process_due_events() == 3
    assert {state_of(event)[:2] for event in events} == {(State.RETRY, False)}


def test_a_mirror_that_is_made_up_for_proves_nothing_of_later_news(
    customer: Any, endpoint: Any, handled: list[str]
) -> None:
    """Its domain step was done before the others came."""
    old = told(customer, endpoint, state=State.RETRY, next_at=now() - timedelta(hours=1), handled_at=now())[0]
    new = told(customer, endpoint)[0]
    assert process_due_events() == 2
    assert handled == [new.event_id]
    assert {state_of(event) for event in (old, new)} == {(State.DONE, True, True)}


def test_events_without_an_object_are_nobody_s_repeats(endpoint: Any, handled: list[str], stripe_sandbox: Any) -> None:
    told({"id": ""}, endpoint, 3)
    process_due_events()
    assert len(handled) == 3
