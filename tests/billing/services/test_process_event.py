import json
from datetime import timedelta
from uuid import uuid4

import djstripe.models
import pytest
from django.db import connection
from django.utils.timezone import now

from billing import client, time_limit
from billing.dispatch import DISPATCH
from billing.errors import Unavailable
from billing.models import InboundEvent, ObjectLease, Sale
from billing.sandbox.shop import Shop, Sold
from billing.services import process_event as module
from billing.services.claim_events import MOST_ATTEMPTS, claim_events
from billing.services.process_event import process_due_events
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory, event_content

State = InboundEvent.State
pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Ends the worker where it stands, as a signal would: no `except Exception` sees it."""


@pytest.fixture
def shop(stripe_sandbox):
    with Shop(stripe_sandbox.url) as shop:
        yield shop


@pytest.fixture
def handled(monkeypatch):
    """What a handler of our own was called with; it stands in for the services, which have their own tests."""
    events = []
    monkeypatch.setitem(DISPATCH, "customer.updated", lambda *, event: events.append(event.event_id))
    return events


@pytest.fixture
def customer(shop):
    return shop.customer("Ñandú", "pagos@nandu.example")


def customer_updated(customer, **changes):
    return InboundEventFactory(type="customer.updated", object_id=customer["id"], customer_id=customer["id"], **changes)


def store_events(stripe_sandbox, *types):
    """Put the stand-in's events of these types into the inbox, as its webhooks would."""
    endpoint = StripeEndpointFactory()
    for content in stripe_sandbox.world.store.rows("event"):
        if content["type"] in types:
            subject = content["data"]["object"]
            InboundEventFactory(
                endpoint=endpoint,
                event_id=content["id"],
                type=content["type"],
                object_id=subject["id"],
                customer_id=subject.get("customer") or "",
                body=json.dumps(content).encode(),
            )


def make_due():
    InboundEvent.objects.filter(state__in=[State.NEW, State.RETRY]).update(next_at=now())


def kill_worker():
    """What a killed worker leaves: its claim and its leases stay until they end."""
    InboundEvent.objects.update(lease_until=now() - timedelta(seconds=1))


def break_stripe(stripe_sandbox, **fault):
    stripe_sandbox.world.faults.plan({"answers": [{"status": 500, "times": 99, **fault}]})


def mend_stripe(stripe_sandbox):
    stripe_sandbox.world.faults.plan({})


def test_an_event_is_handled_and_mirrored(customer, handled):
    customer_updated(customer)
    assert process_due_events() == 1
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.lease_until, event.next_at) == (State.DONE, 1, None, None)
    assert event.handled_at is not None
    assert event.mirrored_at is not None
    assert (event.last_error, event.mirror_error) == ("", "")
    assert handled == [event.event_id]
    assert djstripe.models.Customer.objects.get().id == customer["id"]
    assert djstripe.models.Event.objects.get().id == event.event_id
    assert not ObjectLease.objects.exists()


def test_a_payment_becomes_one_sale_whatever_announces_it_in_whatever_order(shop, customer, stripe_sandbox):
    paid = shop.pay_invoice(customer["id"], [Sold("Silla", 1130)])
    types = ("invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid", "payment_intent.succeeded")
    store_events(stripe_sandbox, *types)
    count = InboundEvent.objects.count()
    assert count >= 3
    for position, event in enumerate(InboundEvent.objects.order_by("-pk")):
        InboundEvent.objects.filter(pk=event.pk).update(next_at=now() - timedelta(minutes=position))
    assert process_due_events() == count
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {State.DONE}
    assert Sale.objects.get().key == f"invoice:{paid['id']}"
    assert djstripe.models.Invoice.objects.get().stripe_data["status"] == "paid"


def test_an_unknown_type_is_ignored_without_a_call(stripe_sandbox):
    InboundEventFactory(type="balance.available")
    stripe_sandbox.world.calls.clear()
    assert process_due_events() == 1
    event = InboundEvent.objects.get()
    assert (event.state, event.handled_at, event.mirrored_at) == (State.IGNORED, None, None)
    assert stripe_sandbox.world.calls.found() == []


def test_a_failed_mirror_does_not_stop_the_handling(customer, handled, stripe_sandbox):
    break_stripe(stripe_sandbox)
    customer_updated(customer)
    process_due_events()
    event = InboundEvent.objects.get()
    assert handled == [event.event_id]
    assert (event.state, event.attempts, event.mirrored_at) == (State.RETRY, 1, None)
    assert event.mirror_error.startswith("APIError: ")
    assert event.last_error == ""
    assert not djstripe.models.Event.objects.exists()


def test_a_failed_mirror_is_repeated_alone(customer, handled, stripe_sandbox):
    break_stripe(stripe_sandbox)
    customer_updated(customer)
    process_due_events()
    mend_stripe(stripe_sandbox)
    make_due()
    process_due_events()
    event = InboundEvent.objects.get()
    assert handled == [event.event_id]
    assert (event.state, event.attempts, event.mirror_error) == (State.DONE, 2, "")
    assert djstripe.models.Customer.objects.get().id == customer["id"]


def test_an_event_whose_mirror_never_works_is_done_and_says_so(customer, handled, stripe_sandbox):
    break_stripe(stripe_sandbox)
    customer_updated(customer)
    for _ in range(MOST_ATTEMPTS + 2):
        process_due_events()
        make_due()
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.mirrored_at, event.next_at) == (State.DONE, MOST_ATTEMPTS, None, None)
    assert event.mirror_error.startswith("APIError: ")
    assert handled == [event.event_id]


def test_a_failed_handling_does_not_stop_the_mirror_and_is_repeated_alone(customer, monkeypatch, stripe_sandbox):
    tries = []

    def fail_once(*, event):
        tries.append(event.attempts)
        if len(tries) == 1:
            raise Unavailable("Stripe is away", retry_after=700)

    monkeypatch.setitem(DISPATCH, "customer.updated", fail_once)
    customer_updated(customer)
    process_due_events()
    event = InboundEvent.objects.get()
    assert (event.state, event.handled_at, event.last_error) == (State.RETRY, None, "Unavailable: Stripe is away")
    assert event.mirrored_at is not None
    assert timedelta(seconds=690) < event.next_at - now() < timedelta(seconds=700)
    stripe_sandbox.world.calls.clear()
    make_due()
    process_due_events()
    event.refresh_from_db()
    assert (event.state, event.attempts, event.last_error) == (State.DONE, 2, "")
    assert tries == [1, 2]
    assert stripe_sandbox.world.calls.found() == []


def test_an_event_that_can_never_be_handled_ends_before_a_person(customer, monkeypatch):
    def fail(*, event):
        raise ValueError("a defect of ours\x00 with sk_test_abcdefgh12345678 in it")

    monkeypatch.setitem(DISPATCH, "customer.updated", fail)
    customer_updated(customer)
    for _ in range(MOST_ATTEMPTS + 2):
        process_due_events()
        make_due()
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.next_at) == (State.DEAD, MOST_ATTEMPTS, None)
    assert event.last_error == "ValueError: a defect of ours with sk_test_*** in it"


def test_one_event_that_fails_does_not_hold_up_the_next(customer, shop, monkeypatch, handled):
    other = shop.customer("Colibrí", "pagos@colibri.example")
    done = DISPATCH["customer.updated"]

    def fail_for_the_first(*, event):
        if event.object_id == customer["id"]:
            raise ValueError("no")
        done(event=event)

    monkeypatch.setitem(DISPATCH, "customer.updated", fail_for_the_first)
    customer_updated(customer)
    second = customer_updated(other)
    assert process_due_events() == 2
    assert handled == [second.event_id]


def test_an_event_of_the_other_mode_than_the_key_waits_for_the_right_key(customer, handled):
    customer_updated(customer, livemode=True)
    process_due_events()
    event = InboundEvent.objects.get()
    assert handled == []
    assert event.state == State.RETRY
    assert event.last_error == "PreconditionFailed: STRIPE_API_KEY is of the other mode than this event."


def test_while_somebody_holds_the_customer_the_event_is_given_back_uncounted(customer, handled):
    customer_updated(customer)
    ObjectLease.objects.create(key=customer["id"], holder=uuid4(), until=now() + timedelta(seconds=60))
    assert process_due_events() == 1
    event = InboundEvent.objects.get()
    assert handled == []
    assert (event.state, event.attempts) == (State.NEW, 0)
    assert timedelta(0) < event.next_at - now() < timedelta(seconds=1)
    assert ObjectLease.objects.count() == 1


def test_the_object_and_the_customer_are_held_while_an_event_is_handled(customer, monkeypatch):
    held = []
    monkeypatch.setitem(
        DISPATCH, "customer.updated", lambda *, event: held.extend(ObjectLease.objects.values_list("key", flat=True))
    )
    customer_updated(customer)
    process_due_events()
    assert held == [customer["id"]]
    assert not ObjectLease.objects.exists()


def test_a_worker_killed_in_the_handling_leaves_the_event_to_another_one(customer, handled, monkeypatch):
    def die(*, event):
        raise Killed

    monkeypatch.setitem(DISPATCH, "customer.created", die)
    event = InboundEventFactory(type="customer.created", object_id=customer["id"], customer_id=customer["id"])
    with pytest.raises(Killed):
        process_due_events()
    event.refresh_from_db()
    assert (event.state, event.attempts, event.handled_at) == (State.PROCESSING, 1, None)
    assert process_due_events() == 0
    monkeypatch.setitem(DISPATCH, "customer.created", DISPATCH["customer.updated"])
    # A killed process runs no clean-up either: its leases are still there.
    ObjectLease.objects.create(key=customer["id"], holder=uuid4(), until=now() - timedelta(seconds=1))
    kill_worker()
    assert process_due_events() == 1
    event.refresh_from_db()
    assert (event.state, event.attempts) == (State.DONE, 2)
    assert handled == [event.event_id]


def test_a_worker_killed_between_the_steps_does_not_have_the_first_one_repeated(customer, handled, monkeypatch):
    def die(event):
        raise Killed

    customer_updated(customer)
    with monkeypatch.context() as patch:
        patch.setattr(module, "mirror_event", die)
        with pytest.raises(Killed):
            process_due_events()
    event = InboundEvent.objects.get()
    assert event.state == State.PROCESSING
    assert event.handled_at is not None
    kill_worker()
    process_due_events()
    event.refresh_from_db()
    assert (event.state, event.attempts) == (State.DONE, 2)
    assert event.mirrored_at is not None
    assert handled == [event.event_id]


def test_a_worker_that_comes_back_too_late_changes_nothing(customer, monkeypatch, handled):
    def be_slow(*, event):
        kill_worker()
        (stolen,) = claim_events(limit=1)
        assert stolen.pk == event.pk

    monkeypatch.setitem(DISPATCH, "customer.updated", be_slow)
    customer_updated(customer)
    process_due_events()
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.handled_at, event.mirrored_at) == (State.PROCESSING, 2, None, None)
    assert not djstripe.models.Event.objects.exists()


@pytest.mark.parametrize("object_id", ["", "../charges", "in 1"])
def test_an_event_without_a_usable_id_waits_for_a_person_at_once(stripe_sandbox, object_id):
    InboundEventFactory(type="invoice.paid", object_id=object_id)
    stripe_sandbox.world.calls.clear()
    assert process_due_events() == 1
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.next_at, event.lease_until) == (State.DEAD, 1, None, None)
    assert event.last_error == f"NotAnId: “{object_id}” is not an id of Stripe."
    assert (event.handled_at, event.mirrored_at) == (None, None)
    assert stripe_sandbox.world.calls.found() == []
    assert not ObjectLease.objects.exists()


def test_an_object_that_stripe_does_not_show_yet_is_asked_for_again(stripe_sandbox):
    InboundEventFactory(type="invoice.paid", object_id="in_later")
    process_due_events()
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.handled_at) == (State.RETRY, 1, None)
    assert event.last_error.startswith("Gone: ")


def test_one_event_cannot_use_up_the_time_of_its_task(customer, monkeypatch, settings, stripe_sandbox):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "timeout": 62}
    calls = []

    def walk_for_ever(*, event):
        for _ in range(1000):
            calls.append(client.fetch_customer(event.object_id))
            clock.append(clock[-1] + 4)

    clock = [100.0]
    monkeypatch.setattr(time_limit, "monotonic", lambda: clock[-1])
    monkeypatch.setitem(DISPATCH, "customer.updated", walk_for_ever)
    customer_updated(customer)
    assert process_due_events() == 1
    event = InboundEvent.objects.get()
    # 62 seconds less the margin of 30 and the budget of 20 that may be gone already: calls at 0, 4 and 8.
    assert len(calls) == 3
    assert (event.state, event.handled_at) == (State.RETRY, None)
    assert event.last_error == "Unavailable: Asking Stripe took too long; it is tried again later."


def test_when_the_budget_is_used_up_the_rest_is_given_back_uncounted(customer, handled, monkeypatch, settings):
    settings.DRAIN = {**settings.DRAIN, "budget": 25}
    clock = iter([0, 1, 24, 25, 26, 27, 28])
    monkeypatch.setattr(module, "monotonic", lambda: next(clock))
    for _ in range(3):
        customer_updated(customer)
    assert process_due_events() == 1
    assert sorted(InboundEvent.objects.values_list("state", "attempts")) == [
        (State.DONE, 1),
        (State.NEW, 0),
        (State.NEW, 0),
    ]


def test_a_name_that_the_database_cannot_store_fails_the_mirror_alone(customer, handled):
    content = event_content(
        id="evt_nul",
        type="customer.updated",
        object={"id": customer["id"], "object": "customer", "name": "Ñandú\x00"},
    )
    customer_updated(customer, event_id="evt_nul", body=json.dumps(content).encode())
    process_due_events()
    event = InboundEvent.objects.get()
    assert handled == ["evt_nul"]
    assert event.handled_at is not None
    assert event.state == (State.DONE if connection.vendor == "sqlite" else State.RETRY)


def test_nothing_personal_is_logged_when_an_event_fails(customer, monkeypatch, caplog):
    def fail(*, event):
        raise ValueError("pagos@nandu.example")

    monkeypatch.setitem(DISPATCH, "customer.updated", fail)
    customer_updated(customer)
    process_due_events()
    assert "ValueError" in caplog.text
    assert "nandu" not in caplog.text
