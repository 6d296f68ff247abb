"""The calls in hand: never more on the wire than there are places, and none that begins after the stop."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from smartbill.models import Document
from smartbill.providers.el_salvador.provider import ElSalvador
from smartbill.services import submit
from smartbill.services.calls import Calls
from smartbill.services.channel import stop_channel
from smartbill.services.create import create_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys, submit_all


class Line:
    """Calls that last until they are let end, and how many were under way at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.gates: dict[int, threading.Event] = {}
        self.begun: list[int] = []
        self.now = self.most = 0

    def call(self, claim) -> None:
        gate = threading.Event()
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.gates[claim.attempt_id] = gate
            self.begun.append(claim.attempt_id)
        assert gate.wait(10)
        with self.lock:
            self.now -= 1

    def begun_within(self, number: int) -> list[int]:
        ends_at = time.monotonic() + 10
        while len(self.begun) < number and time.monotonic() < ends_at:
            time.sleep(0.001)
        return self.begun


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def calls(line):
    with ThreadPoolExecutor(16) as threads:
        yield Calls(threads, line.call)
        for gate in line.gates.values():
            gate.set()


def claims(*numbers: int) -> list:
    return [SimpleNamespace(attempt_id=number) for number in numbers]


def test_what_was_claimed_ahead_follows_a_call_that_ends(line, calls):
    calls.go_on(claims(1, 2, 3), places=2)
    assert line.begun_within(2) == [1, 2]
    assert calls.in_hand == 3
    line.gates[1].set()
    assert line.begun_within(3) == [1, 2, 3]
    assert line.most == 2


def test_with_fewer_places_nothing_begins_until_enough_have_ended(line, calls):
    calls.go_on(claims(1, 2), places=2)
    line.begun_within(2)
    calls.go_on(claims(3), places=1)
    line.gates[1].set()
    while calls.in_hand > 2:
        time.sleep(0.001)
    assert line.begun == [1, 2]
    line.gates[2].set()
    assert line.begun_within(3) == [1, 2, 3]


def test_what_has_not_begun_is_given_back_and_never_begins(line, calls):
    calls.go_on(claims(1, 2, 3), places=1)
    line.begun_within(1)
    assert [each.attempt_id for each in calls.stop()] == [2, 3]
    line.gates[1].set()
    while calls.in_hand:
        time.sleep(0.001)
    assert line.begun == [1]
    calls.go_on(claims(4), places=1)
    assert line.begun_within(2) == [1, 4]


def test_a_call_that_breaks_off_gives_its_place_back(calls, line, monkeypatch, caplog):
    def break_off(claim):
        if claim.attempt_id == 1:
            raise RuntimeError("the disk is gone")
        line.call(claim)

    monkeypatch.setattr(calls, "_call", break_off)
    calls.go_on(claims(1, 2), places=1)
    assert line.begun_within(1) == [2]
    assert "the disk is gone" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestTheEngine:
    @pytest.fixture(autouse=True)
    def _own_data(self, settings, tmp_path):
        settings.DATA_DIR = tmp_path

    @pytest.fixture
    def issuer(self, smartbill_sandbox):
        issuer = issuer_with_keys(in_flight=3)
        for number in range(12):
            create_document(draft=make_draft(issuer, source=f"invoice:in_{number}"))
        return issuer

    def test_it_keeps_all_places_filled_and_never_more(self, issuer, monkeypatch):
        send, line = ElSalvador.send, Line()

        def slow(*arguments, **options):
            with line.lock:
                line.now += 1
                line.most = max(line.most, line.now)
            time.sleep(0.05)
            try:
                return send(*arguments, **options)
            finally:
                with line.lock:
                    line.now -= 1

        monkeypatch.setattr(ElSalvador, "send", slow)
        submit_all()
        assert set(Document.objects.values_list("status", flat=True)) == {"stamped"}
        assert line.most == 3

    def test_a_person_who_stops_the_channel_stops_what_was_claimed_ahead(self, issuer, monkeypatch, admin_user):
        send, claim_due, give_back = ElSalvador.send, submit.claim_due, submit._give_back
        sent, gate = [], threading.Event()

        def wait_for_the_stop(*arguments, **options):
            sent.append(1)
            assert gate.wait(20)
            return send(*arguments, **options)

        def stop_then_claim(**asked):
            if asked["in_hand"] and not gate.is_set():
                stop_channel(issuer, actor=admin_user, reason="The accountant asked for it")
            return claim_due(**asked)

        def let_calls_end(*arguments):
            give_back(*arguments)
            gate.set()

        monkeypatch.setattr(ElSalvador, "send", wait_for_the_stop)
        monkeypatch.setattr(submit, "claim_due", stop_then_claim)
        monkeypatch.setattr(submit, "_give_back", let_calls_end)
        submit_all()
        assert len(sent) == 3
        statuses = sorted(Document.objects.values_list("status", flat=True))
        assert statuses == ["ready"] * 9 + ["stamped"] * 3
