"""The calls in hand: never more on the wire than there are places, and none that begins after the stop."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from smartbill.calls import Calls


class Line:
    """Calls that last until they are let end, and how many were under way at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.gates: dict[int, threading.Event] = {}
        self.begun: list[int] = []
        self.unanswered: set[int] = set()
        self.now = self.most = 0

    def make(self, number: int) -> bool:
        gate = threading.Event()
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.gates[number] = gate
            self.begun.append(number)
        gate.wait(10)
        with self.lock:
            self.now -= 1
        return number not in self.unanswered

    def end(self, *numbers: int) -> None:
        for number in numbers:
            self.gates[number].set()


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def calls(line):
    with ThreadPoolExecutor(16) as threads:
        calls = Calls(threads, line.make)
        yield calls
        calls.stop()
        line.end(*line.gates)


def soon(happened: Callable[[], bool]) -> bool:
    """Wait until it has happened; after ten seconds it has not."""
    ends_at = time.monotonic() + 10
    while not happened():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.001)
    return True


def test_what_was_claimed_ahead_follows_a_call_that_ends(line, calls):
    calls.go_on([1, 2, 3], places=2)
    assert soon(lambda: line.begun == [1, 2])
    assert calls.in_hand == 3
    line.end(1)
    assert soon(lambda: line.begun == [1, 2, 3])
    assert line.most == 2


def test_with_fewer_places_nothing_begins_until_enough_have_ended(line, calls):
    calls.go_on([1, 2], places=2)
    assert soon(lambda: line.begun == [1, 2])
    calls.go_on([3], places=1)
    line.end(1)
    assert soon(lambda: calls.in_hand == 2)
    assert line.begun == [1, 2]
    line.end(2)
    assert soon(lambda: line.begun == [1, 2, 3])
    assert line.most == 2


def test_what_has_not_begun_is_given_back_and_never_begins(line, calls):
    calls.go_on([1, 2, 3], places=1)
    assert soon(lambda: line.begun == [1])
    assert calls.stop() == [2, 3]
    line.end(1)
    assert soon(lambda: calls.in_hand == 0)
    assert line.begun == [1]
    calls.go_on([4], places=1)
    assert soon(lambda: line.begun == [1, 4])


def test_after_a_call_without_answer_the_next_waits_until_the_drain_says_so(line, calls):
    line.unanswered = {1}
    calls.go_on([1, 2, 3], places=2)
    assert soon(lambda: line.begun == [1, 2])
    line.end(1)
    assert soon(lambda: calls.in_hand == 2)
    line.end(2)
    assert soon(lambda: calls.in_hand == 1)
    assert line.begun == [1, 2]
    calls.go_on([], places=1)
    assert soon(lambda: line.begun == [1, 2, 3])


def test_a_call_that_breaks_off_gives_its_place_back(caplog):
    def break_off(number: int) -> bool:
        raise RuntimeError("the disk is gone")

    with ThreadPoolExecutor(1) as threads:
        calls = Calls(threads, break_off)
        calls.go_on([1], places=1)
        assert soon(lambda: calls.in_hand == 0)
    assert "the disk is gone" in caplog.text


def test_a_call_that_takes_long_is_noticed_while_it_lasts_and_afterwards(line, calls):
    calls.go_on([1], places=1)
    assert soon(lambda: calls.take_longer_than(0.05))
    line.end(1)
    assert soon(lambda: calls.in_hand == 0)
    assert calls.take_longer_than(0.05)
    calls.go_on([2], places=1)
    assert soon(lambda: line.begun == [1, 2])
    line.end(2)
    assert soon(lambda: calls.in_hand == 0)
    assert not calls.take_longer_than(10)
