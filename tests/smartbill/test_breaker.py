"""The breaker's arithmetic, apart from any database."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartbill import breaker
from smartbill.breaker import Breaker, Rules, State

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
RULES = Rules()


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def unknown(before: Breaker, at: datetime = AT, ceiling: int = 8) -> Breaker:
    return breaker.after_unknown(before, at, ceiling=ceiling, rules=RULES)


def free(before: Breaker, at: datetime = AT, in_flight: int = 0, ceiling: int = 8) -> int:
    return breaker.allowed(before, at, ceiling=ceiling, in_flight=in_flight)


def test_at_rest_all_that_the_account_allows_may_be_in_flight():
    assert free(Breaker()) == 8
    assert free(Breaker(), in_flight=5) == 3
    assert free(Breaker(), in_flight=9) == 0


def test_every_lost_answer_halves_the_calls():
    once = unknown(Breaker())
    assert free(once) == 4
    assert free(unknown(once)) == 2


def test_the_third_in_a_minute_stops_the_channel():
    stopped = unknown(unknown(unknown(Breaker()), later(30)), later(59))
    assert stopped.state == State.OPEN
    assert free(stopped, later(60)) == 0


def test_three_in_more_than_a_minute_do_not():
    slow = unknown(unknown(unknown(Breaker()), later(30)), later(61))
    assert slow.state == State.CLOSED
    assert free(slow, later(61)) == 1


def test_it_probes_with_one_and_recovers_by_itself():
    stopped = unknown(unknown(unknown(Breaker())))
    assert free(stopped, later(29)) == 0
    assert free(stopped, later(30)) == 1
    assert free(stopped, later(30), in_flight=1) == 0, "calls from before the stop are waited for"
    trying = breaker.probing(stopped)
    assert trying.state == State.PROBING
    assert free(trying, later(31), in_flight=1) == 0
    recovered = breaker.after_answer(trying, ceiling=8)
    assert recovered.state == State.CLOSED
    limits = []
    for _answer in range(8):
        limits.append(free(recovered, later(40)))
        recovered = breaker.after_answer(recovered, ceiling=8)
    assert limits == [1, 2, 3, 4, 5, 6, 7, 8]
    assert recovered == Breaker()


def test_a_probe_whose_worker_died_is_followed_by_another():
    trying = breaker.probing(unknown(unknown(unknown(Breaker()))))
    assert free(trying, later(100), in_flight=0) == 1


def test_failed_probes_come_ever_later_up_to_a_limit():
    waits = []
    broken = unknown(unknown(unknown(Breaker())))
    for _probe in range(6):
        waits.append(broken.probe_wait)
        broken = unknown(breaker.probing(broken))
    assert waits == [30, 60, 120, 240, 300, 300]


def test_a_provider_that_cannot_be_reached_stops_the_channel_after_three_calls_in_a_row():
    before = Breaker()
    for _call in range(2):
        before = breaker.after_unreachable(before, AT, rules=RULES)
    assert before.state == State.CLOSED
    assert breaker.after_unreachable(before, AT, rules=RULES).state == State.OPEN
    between = breaker.after_answer(before, ceiling=8)
    assert breaker.after_unreachable(between, AT, rules=RULES).state == State.CLOSED


def test_an_answer_to_a_call_from_before_the_stop_does_not_end_it():
    stopped = unknown(unknown(unknown(Breaker())))
    assert breaker.after_answer(stopped, ceiling=8) == stopped


def test_what_a_person_stopped_waits_for_a_person():
    assert free(Breaker(state=State.OPEN), later(1e6)) == 0


@given(st.lists(st.sampled_from(["answer", "unknown", "unreachable", "start"]), max_size=60), st.integers(1, 128))
def test_no_story_lets_more_through_than_the_account_allows_or_ends_for_good(story, ceiling):
    state, at = Breaker(), AT
    for step in story:
        at += timedelta(seconds=7)
        if step == "answer":
            state = breaker.after_answer(state, ceiling=ceiling)
        elif step == "unknown":
            state = unknown(state, at, ceiling)
        elif step == "unreachable":
            state = breaker.after_unreachable(state, at, rules=RULES)
        else:
            state = breaker.probing(state)
        for in_flight in (0, 1, ceiling):
            assert 0 <= breaker.allowed(state, at, ceiling=ceiling, in_flight=in_flight) <= ceiling - in_flight or (
                in_flight >= ceiling and breaker.allowed(state, at, ceiling=ceiling, in_flight=in_flight) == 0
            )
    assert breaker.allowed(state, at + timedelta(seconds=301), ceiling=ceiling, in_flight=0) >= 1


@pytest.mark.parametrize("ceiling", [1, 2, 64])
def test_one_call_is_always_left(ceiling):
    assert free(unknown(Breaker(), ceiling=ceiling), ceiling=ceiling) >= 1
