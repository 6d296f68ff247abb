"""One turn of the engine: all places filled and never more, and what becomes of claims that do not leave."""

import json
import threading
import time
from dataclasses import replace

import pytest
from django.db import OperationalError
from django.utils.timezone import now

from smartbill import journal as journals
from smartbill.errors import RestoreNeeded
from smartbill.journal import Journal, own_journal
from smartbill.lifecycle import Outcome
from smartbill.models import Attempt, Channel, Document
from smartbill.providers.base import Exchange
from smartbill.providers.el_salvador.provider import ElSalvador
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services import submit
from smartbill.services.channel import stop_channel
from smartbill.services.claim import Grant, claim_due
from smartbill.services.create import create_document
from smartbill.services.record import record_answer
from smartbill.services.sweep import sweep_attempts
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys, submit_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_process(settings, tmp_path, monkeypatch):
    """A journal of this test's own: what a process remembers must not reach the next test."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(journals, "_own", None)


@pytest.fixture
def issuer(smartbill_sandbox):
    return issuer_with_keys(in_flight=4)


def ready(issuer, number: int) -> list[Document]:
    return [create_document(draft=make_draft(issuer, source=f"invoice:in_{each}")) for each in range(number)]


def statuses() -> list[str]:
    return sorted(Document.objects.values_list("status", flat=True))


class Wire:
    """Stands before the provider's own sending, counts the calls under way, and can hold them back."""

    def __init__(self, monkeypatch, *, seconds: float = 0.0) -> None:
        self.send, self.seconds = ElSalvador.send, seconds
        self.lock, self.gate = threading.Lock(), threading.Event()
        self.gate.set()
        self.now = self.most = self.begun = 0
        monkeypatch.setattr(ElSalvador, "send", lambda provider, *rest, **named: self.count(provider, *rest, **named))

    def count(self, provider, *rest, **named) -> Exchange:
        with self.lock:
            self.begun += 1
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            self.gate.wait(20)
            time.sleep(self.seconds)
            return self.send(provider, *rest, **named)
        finally:
            with self.lock:
                self.now -= 1


def test_all_places_are_filled_and_never_more(issuer, monkeypatch):
    ready(issuer, 20)
    wire = Wire(monkeypatch, seconds=0.05)
    submit_all()
    assert statuses() == ["stamped"] * 20
    assert wire.most == 4
    assert not Attempt.objects.exclude(outcome=Outcome.ACCEPTED).exists()


def test_a_person_who_stops_the_channel_stops_what_was_claimed_ahead(issuer, monkeypatch, admin_user):
    ready(issuer, 12)
    wire = Wire(monkeypatch)
    wire.gate.clear()
    stopped: list[threading.Timer] = []

    def stop_then_claim(**asked):
        if asked["in_hand"] and not stopped:
            stop_channel(issuer, actor=admin_user, reason="The accountant asked for it")
            stopped.append(threading.Timer(0.5, wire.gate.set))
            stopped[0].start()
        return claim_due(**asked)

    monkeypatch.setattr(submit, "claim_due", stop_then_claim)
    submit_all()
    assert wire.begun == 4
    assert statuses() == ["ready"] * 8 + ["stamped"] * 4
    given_back = Document.objects.filter(attempts__outcome=Outcome.NOT_SENT)
    assert given_back.count() == 2
    assert set(given_back.values_list("tries", flat=True)) == {0}
    assert not given_back.filter(next_at__gt=now()).exists()


def test_nothing_is_claimed_ahead_of_a_slow_provider_and_what_was_is_given_back(issuer, monkeypatch):
    ready(issuer, 10)
    Wire(monkeypatch, seconds=0.4)
    monkeypatch.setattr(submit, "PATIENCE", 0.1)
    submit_all()
    assert statuses() == ["stamped"] * 10
    given_back = Attempt.objects.filter(outcome=Outcome.NOT_SENT)
    assert 0 < given_back.count() <= 2, "those of the first claim, when nobody knew yet"
    assert set(Document.objects.values_list("tries", flat=True)) == {0}


def test_an_answered_attempt_that_the_database_forgot_is_not_taken_for_unsent(issuer, smartbill_sandbox):
    (document,) = ready(issuer, 1)
    ours = own_journal()
    (made,) = claim_due(issuer_id=issuer.pk, worker=ours.name, limit=1).claims
    ours.sending(made.attempt_id, made.trace)
    ours.answer(made.attempt_id, made.provider.send(made.request, made.credentials, not_after=1e12))
    # Recorded by a server whose last second is lost: the replica that took over has the claim and not the answer.
    ours.forget(made.attempt_id)
    submit.submit_due_documents(issuer.pk)
    document.refresh_from_db()
    assert document.status == "submitting"
    assert len(SandboxControl(smartbill_sandbox.url).calls(document.reference)) == 1


def test_what_was_claimed_unheard_is_not_given_back_by_a_database_that_forgot(issuer, monkeypatch):
    (document,) = ready(issuer, 1)
    monkeypatch.setattr(submit, "claim_due", lambda **asked: Grant([], 0))
    claim_due(issuer_id=issuer.pk, worker=own_journal().name, limit=1)

    def refuse() -> None:
        raise RestoreNeeded("forgot")

    monkeypatch.setattr(submit, "agree", refuse)
    submit.submit_due_documents(issuer.pk)
    document.refresh_from_db()
    assert document.status == "submitting"


def test_a_database_that_comes_back_within_the_turn_gets_the_answer(issuer, monkeypatch):
    ready(issuer, 1)
    record, failed = submit.record_stamped, []

    def away_at_first(answers, *, worker):
        if answers and len(failed) < 3:
            failed.append(answers)
            raise OperationalError("server closed the connection unexpectedly")
        return record(answers, worker=worker)

    monkeypatch.setattr(submit, "record_stamped", away_at_first)
    submit_all()
    assert len(failed) == 3
    assert statuses() == ["stamped"]


def test_an_answer_in_the_memory_of_an_idle_worker_is_found_in_its_journal(issuer, monkeypatch, settings):
    settings.DRAIN = {**settings.DRAIN, "budget": 0.5}
    (document,) = ready(issuer, 1)
    record = submit.record_stamped

    def away(answers, *, worker):
        if answers:
            raise OperationalError("server closed the connection unexpectedly")
        return record(answers, worker=worker)

    monkeypatch.setattr(submit, "record_stamped", away)
    submit_all()
    assert statuses() == ["submitting"]
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "stamped"


def test_a_claim_that_its_living_worker_has_not_begun_is_in_doubt_until_it_says_so(issuer):
    # Its deadline is past by our clock; by its own it may still be about to send.
    (document,) = ready(issuer, 1)
    living = Journal()
    (made,) = claim_due(issuer_id=issuer.pk, worker=living.name, limit=1).claims
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "unknown"
    record_answer(attempt_id=made.attempt_id, exchange=Exchange(written=False, held_back=True), worker=living.name)
    document.refresh_from_db()
    assert (document.status, document.attempts.get().outcome) == ("ready", "not_sent")
    living.close()


def test_a_claim_that_was_given_up_before_its_worker_died_is_proved_unsent_by_the_journal(issuer):
    (document,) = ready(issuer, 1)
    dead = Journal()
    claim_due(issuer_id=issuer.pk, worker=dead.name, limit=1)
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    dead.close()
    sweep_attempts()
    document.refresh_from_db()
    assert (document.status, document.attempts.get().outcome) == ("ready", "not_sent")


@pytest.mark.parametrize("damage", ["cut to nothing", "garbage", "another file"])
def test_a_damaged_journal_proves_nothing(issuer, damage):
    (document,) = ready(issuer, 1)
    dead = Journal()
    (made,) = claim_due(issuer_id=issuer.pk, worker=dead.name, limit=1).claims
    dead.sending(made.attempt_id, made.trace)
    path = journals.directory() / f"{dead.name}.jsonl"
    whole = path.read_bytes()
    dead.close()
    if damage == "another file":
        path.rename(path.with_suffix(".old"))
        path.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    else:
        path.write_bytes(b"" if damage == "cut to nothing" else whole.replace(b'{"attempt"', b"\0" * 10))
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "submitting"
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "unknown"


def test_a_line_of_another_release_counts_as_sent_and_stops_no_sweep(issuer):
    documents = ready(issuer, 2)
    dead = Journal()
    first, second = claim_due(issuer_id=issuer.pk, worker=dead.name, limit=2).claims
    dead.sending(first.attempt_id, first.trace)
    dead._append({"attempt": first.attempt_id, "line": "answer", "exchange": {"written": True, "colour": "red"}})
    dead.close()
    sweep_attempts()
    outcomes = {each.pk: each.outcome for each in Attempt.objects.all()}
    assert outcomes == {first.attempt_id: None, second.attempt_id: "not_sent"}
    assert len(documents) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fechaEmision", "0001-01-01T00:00:00Z"),
        ("fechaEmision", "9999-12-31T23:59:59"),
        ("numeroControl", "DTE-01-\ud800"),
    ],
)
def test_one_answer_that_no_row_can_hold_stops_nobody(issuer, monkeypatch, field, value):
    documents = ready(issuer, 4)
    send, bad = ElSalvador.send, documents[1].reference.encode()

    def poison(provider, request, *rest, **named):
        exchange = send(provider, request, *rest, **named)
        if bad not in request.body:
            return exchange
        content = json.loads(exchange.body)
        content["data"][field] = value
        return replace(exchange, body=json.dumps(content).encode())

    monkeypatch.setattr(ElSalvador, "send", poison)
    submit_all()
    others = Document.objects.exclude(pk=documents[1].pk)
    assert set(others.values_list("status", flat=True)) == {"stamped"}
    assert Document.objects.get(pk=documents[1].pk).status in ("stamped", "unknown")


def test_what_was_claimed_ahead_does_not_follow_an_answer_that_is_no_verdict(issuer, monkeypatch):
    ready(issuer, 12)
    wire = Wire(monkeypatch)

    def bad_gateway(*_rest, **_named):
        time.sleep(0.05)
        return Exchange(written=True, status=502, body=b"<html>", content_type="text/html")

    wire.send = bad_gateway
    submit_all()
    assert wire.begun <= 4 + 2, "those under way, and what the halved breaker let through before it opened"


def test_a_connection_that_takes_too_long_is_the_providers_affair_and_stops_the_channel(issuer, monkeypatch):
    ready(issuer, 1)
    too_late = Exchange(written=False, unreachable=True, failure="TooLate")
    monkeypatch.setattr(ElSalvador, "send", lambda *_rest, **_named: too_late)
    submit_all()
    assert 1 <= Attempt.objects.count() <= 3
    assert Channel.objects.get(pk=issuer.pk).state == "open"


def test_what_the_journal_cannot_bring_to_the_disk_is_refused_for_all_who_wrote_before(tmp_path, monkeypatch):
    ours = Journal()
    ours.sending(1)

    def broken(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken_disk:
        broken_disk.setattr(journals.os, "fsync", broken)
        with pytest.raises(OSError, match="Input/output"):
            ours.sending(2)
    with pytest.raises(OSError, match="brought to the disk"):
        ours._sync(2)
    ours.sending(3)
    ours.close()


def test_a_line_written_while_the_disk_failed_is_refused_as_well(monkeypatch):
    ours = Journal()

    def fail_while_another_writes(fd: int) -> None:
        ours._written += 1
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken_disk:
        broken_disk.setattr(journals.os, "fsync", fail_while_another_writes)
        with pytest.raises(OSError, match="Input/output"):
            ours.sending(1)
    with pytest.raises(OSError, match="brought to the disk"):
        ours._sync(ours._written)
    ours.close()


def test_what_has_a_twin_at_the_provider_is_never_claimed(issuer):
    (document,) = ready(issuer, 1)
    Document.objects.filter(pk=document.pk).update(twin_code="0F0E0D0C-0000-4000-8000-000000000001")
    assert claim_due(issuer_id=issuer.pk, worker="w", limit=1).claims == []
