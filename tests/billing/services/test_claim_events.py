from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from billing.errors import LeaseLost
from billing.models import InboundEvent
from billing.services.claim_events import (
    MOST_ATTEMPTS,
    bury_exhausted,
    claim_events,
    close,
    close_all,
    give_back,
    lease_length,
    pause_before,
    postpone,
    write,
)
from tests.factories.billing import InboundEventFactory, StripeEndpointFactory

State = InboundEvent.State
pytestmark = pytest.mark.django_db


def let_lease_end(event):
    InboundEvent.objects.filter(pk=event.pk).update(lease_until=now() - timedelta(seconds=1))


def test_a_claim_counts_the_attempt_and_sets_the_lease():
    InboundEventFactory()
    before = now()
    (event,) = claim_events(limit=10)
    stored = InboundEvent.objects.get()
    for row in (event, stored):
        assert (row.state, row.attempts) == (State.PROCESSING, 1)
        assert before + lease_length() <= row.lease_until <= now() + lease_length()
    assert event.lease_until == stored.lease_until


def test_the_lease_outlives_the_task_that_holds_it(settings):
    assert lease_length().total_seconds() == settings.Q_CLUSTER["timeout"] + 30


def test_a_claimed_event_is_not_claimed_again():
    InboundEventFactory()
    assert len(claim_events(limit=10)) == 1
    assert claim_events(limit=10) == []


def test_what_is_due_longest_comes_first_and_no_more_than_asked_for():
    at = now()
    for age in (1, 3, 2):
        InboundEventFactory(event_id=f"evt_{age}", next_at=at - timedelta(minutes=age))
    assert [event.event_id for event in claim_events(limit=2)] == ["evt_3", "evt_2"]
    assert [event.event_id for event in claim_events(limit=2)] == ["evt_1"]


@pytest.mark.parametrize("state", [State.DONE, State.IGNORED, State.DEAD, State.POISON])
def test_a_finished_event_is_not_claimed(state):
    InboundEventFactory(state=state)
    assert claim_events(limit=10) == []


def test_an_event_is_not_claimed_before_its_time():
    InboundEventFactory(state=State.RETRY, next_at=now() + timedelta(seconds=5))
    assert claim_events(limit=10) == []


def test_the_event_of_a_dead_worker_is_claimed_by_another_one():
    InboundEventFactory()
    (first,) = claim_events(limit=10)
    let_lease_end(first)
    (second,) = claim_events(limit=10)
    assert (second.pk, second.attempts) == (first.pk, 2)
    with pytest.raises(LeaseLost):
        close(first, State.DONE)
    close(second, State.DONE)
    assert InboundEvent.objects.get().state == State.DONE


def test_an_event_that_kills_its_worker_runs_out_of_attempts():
    InboundEventFactory()
    for _ in range(MOST_ATTEMPTS):
        (event,) = claim_events(limit=10)
        let_lease_end(event)
    assert claim_events(limit=10) == []
    assert bury_exhausted() == 1
    event = InboundEvent.objects.get()
    assert (event.state, event.attempts, event.next_at, event.lease_until) == (State.DEAD, MOST_ATTEMPTS, None, None)
    assert event.last_error == "The worker stopped in the middle of every attempt."
    assert bury_exhausted() == 0


def test_an_event_that_was_handled_is_not_dead_when_its_mirror_kills_every_worker():
    event = InboundEventFactory(state=State.PROCESSING, attempts=MOST_ATTEMPTS, handled_at=now())
    let_lease_end(event)
    assert bury_exhausted() == 1
    assert InboundEvent.objects.get().state == State.DONE


def test_an_event_in_its_last_attempt_is_left_alone_while_its_lease_runs():
    InboundEventFactory(state=State.PROCESSING, attempts=MOST_ATTEMPTS, lease_until=now() + timedelta(seconds=60))
    assert bury_exhausted() == 0
    assert InboundEvent.objects.get().state == State.PROCESSING


def test_giving_back_does_not_count_as_an_attempt():
    InboundEventFactory()
    for _ in range(3):
        (event,) = claim_events(limit=10)
        give_back(event)
        stored = InboundEvent.objects.get()
        assert (stored.state, stored.attempts, stored.lease_until) == (State.NEW, 0, None)
        assert timedelta(0) < stored.next_at - now() < timedelta(seconds=1)
        InboundEvent.objects.update(next_at=now())


def test_giving_back_keeps_the_attempts_there_were():
    InboundEventFactory(state=State.RETRY, attempts=3)
    (event,) = claim_events(limit=10)
    give_back(event)
    stored = InboundEvent.objects.get()
    assert (stored.state, stored.attempts) == (State.RETRY, 3)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(2, 15), (3, 60), (4, 240), (5, 960), (6, 3840), (7, 15_360), (8, 21_600)]
)
def test_pauses_grow_fourfold_up_to_six_hours(attempt, seconds):
    pauses = [pause_before(attempt) for _ in range(200)]
    assert all(0.75 * seconds <= pause <= 1.25 * seconds for pause in pauses)
    assert max(pauses) - min(pauses) > 0.2 * seconds


def test_a_failed_event_waits_before_its_next_attempt():
    InboundEventFactory()
    (event,) = claim_events(limit=10)
    postpone(event)
    stored = InboundEvent.objects.get()
    assert (stored.state, stored.attempts, stored.lease_until) == (State.RETRY, 1, None)
    assert timedelta(seconds=10) < stored.next_at - now() < timedelta(seconds=19)


def test_the_wish_of_stripe_lengthens_the_pause():
    InboundEventFactory()
    (event,) = claim_events(limit=10)
    postpone(event, retry_after=600)
    assert timedelta(seconds=595) < InboundEvent.objects.get().next_at - now() < timedelta(seconds=601)


@pytest.mark.parametrize(("handled", "state"), [(False, State.DEAD), (True, State.DONE)])
def test_after_the_last_attempt_only_an_unhandled_event_is_dead(handled, state):
    InboundEventFactory(state=State.RETRY, attempts=MOST_ATTEMPTS - 1, handled_at=now() if handled else None)
    (event,) = claim_events(limit=10)
    postpone(event)
    stored = InboundEvent.objects.get()
    assert (stored.state, stored.attempts, stored.next_at) == (state, MOST_ATTEMPTS, None)


def test_a_write_without_the_lease_changes_nothing():
    InboundEventFactory()
    (event,) = claim_events(limit=10)
    InboundEvent.objects.update(state=State.DONE, lease_until=None)
    with pytest.raises(LeaseLost):
        write(event, last_error="late")
    assert InboundEvent.objects.get().last_error == ""
    assert event.last_error == ""


@pytest.mark.django_db(transaction=True)
def test_workers_that_claim_at_the_same_time_get_different_events():
    endpoint = StripeEndpointFactory()
    for _ in range(40):
        InboundEventFactory(endpoint=endpoint)
    if connection.vendor == "sqlite":
        # One page cache for all threads of the suite: claims come one after the other there anyway.
        claims = [claim_events(limit=7) for _ in range(8)]
    else:
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(_claim_in_thread, range(8)))
    taken = [event.pk for claim in claims for event in claim]
    assert len(taken) == len(set(taken))
    assert len(taken) + len(claim_events(limit=40)) == 40


def _claim_in_thread(_):
    try:
        return claim_events(limit=7)
    finally:
        connection.close()


def test_events_are_closed_together_but_for_one_that_another_worker_holds_by_now():
    InboundEventFactory()
    InboundEventFactory()
    events = claim_events(limit=10)
    InboundEvent.objects.filter(pk=events[0].pk).update(lease_until=now() + timedelta(minutes=9))
    close_all(events, State.IGNORED)
    assert [event.state for event in InboundEvent.objects.order_by("pk")] == [State.PROCESSING, State.IGNORED]
    close_all([], State.IGNORED)
