"""The answer was lost: a person's two answers, late truth, dead workers. Never a second document by a machine."""

import time
from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.timezone import now

from notifications.errors import ReasonMissing
from notifications.models import Message
from smartbill.errors import NotOurs, PreconditionFailed, TransitionRefused
from smartbill.journal import Journal
from smartbill.lifecycle import Outcome
from smartbill.models import Attempt, Document
from smartbill.providers.base import Exchange
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.ask import read_remote
from smartbill.services.create import create_document
from smartbill.services.doubt import believe_issued
from smartbill.services.read import queue_reading
from smartbill.services.record import record_answer
from smartbill.services.resolve import adopt_found, send_again
from smartbill.services.send import queue_submission
from smartbill.services.sweep import sweep_attempts
from tests.factories.smartbill import make_draft
from tests.flows.engine import bring_forward, claim_all, issuer_with_keys, let_quiet_period_pass, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def issuer(oracle):
    return issuer_with_keys()


def in_doubt(oracle, issuer, fault="reset_after", **changes):
    oracle.fault(fault)
    document = create_document(draft=make_draft(issuer, **changes))
    work()
    document.refresh_from_db()
    assert document.status == "unknown"
    return document


def test_found_is_adopted_after_it_was_read_and_compared(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer)
    (found,) = oracle.documents(document.reference)
    adopt_found(document, code=found.code.lower(), actor=admin_user)
    document.refresh_from_db()
    assert (document.status, document.generation_code, document.seal) == ("stamped", found.code, found.seal)
    assert document.attempts.get().outcome == Outcome.ACCEPTED
    assert document.events.filter(actor=admin_user, after="stamped").exists()
    assert Message.objects.count() == 1


def test_another_document_is_not_adopted(oracle, issuer, admin_user):
    other = create_document(draft=make_draft(issuer, source="invoice:in_2", total="50.00"))
    work()
    other.refresh_from_db()
    document = in_doubt(oracle, issuer)
    with pytest.raises(NotOurs):
        adopt_found(document, code=other.generation_code, actor=admin_user)
    document.refresh_from_db()
    assert document.status == "unknown"
    assert document.attempts.get().resolved_at is None


def test_a_code_that_does_not_exist_is_not_adopted(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer)
    with pytest.raises(NotOurs):
        adopt_found(document, code="3F2504E0-4F89-41D3-9A0C-0305E82C3301", actor=admin_user)
    document.refresh_from_db()
    assert document.status == "unknown"


def test_sending_again_waits_for_the_quiet_period(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer, "reset_before")
    with pytest.raises(PreconditionFailed):
        send_again(document, actor=admin_user, reason="Not in the platform")
    work()
    assert len(oracle.calls(document.reference)) == 1


def test_not_issued_is_sent_as_the_next_attempt_with_the_reason(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer, "reset_before")
    let_quiet_period_pass(document)
    send_again(document, actor=admin_user, reason="Not in the platform")
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    assert [(row.number, row.outcome) for row in document.attempts.all()] == [(1, "unknown"), (2, "accepted")]
    assert "Not in the platform" in document.attempts.first().resolution
    assert len(oracle.documents()) == 1


def test_no_answer_counts_without_reason_or_permission(oracle, issuer, admin_user, django_user_model):
    document = in_doubt(oracle, issuer, "reset_before")
    let_quiet_period_pass(document)
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="submit_document"))
    with pytest.raises(ReasonMissing):
        send_again(document, actor=admin_user, reason=" ")
    with pytest.raises(PermissionDenied):
        send_again(document, actor=clerk, reason="I think so")
    with pytest.raises(PermissionDenied):
        adopt_found(document, code="x", actor=clerk)
    with pytest.raises(TransitionRefused):
        queue_submission(document, actor=admin_user)
    document.refresh_from_db()
    assert document.status == "unknown"


def test_two_people_answer_at_once_and_one_wins(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer, "reset_before")
    let_quiet_period_pass(document)
    stale = Document.objects.get(pk=document.pk)
    send_again(document, actor=admin_user, reason="Not in the platform")
    with pytest.raises(TransitionRefused):
        send_again(stale, actor=admin_user, reason="Not in the platform")
    work()
    assert len(oracle.documents()) == 1


# Dead workers ---------------------------------------------------------------------------------------------------------


def claimed(issuer, journal):
    document = create_document(draft=make_draft(issuer))
    (claim,) = claim_all(worker=journal.name, limit=8)
    return document, claim


def sent(journal, claim) -> Exchange:
    """Send by the protocol: first the line, then the bytes."""
    journal.sending(claim.attempt_id, claim.trace)
    return claim.provider.send(claim.request, claim.credentials, not_after=time.monotonic() + 5)


def test_a_worker_that_died_before_sending_proves_that_nothing_left(oracle, issuer):
    journal = Journal()
    document, _claim = claimed(issuer, journal)
    journal.close()
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "ready"
    bring_forward(document)
    work()
    assert len(oracle.documents()) == 1


def test_a_living_worker_is_left_alone(oracle, issuer):
    journal = Journal()
    document, _claim = claimed(issuer, journal)
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "submitting"
    journal.close()


def test_a_worker_that_died_after_sending_leaves_doubt_at_the_deadline_and_not_before(oracle, issuer):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    journal.sending(claim.attempt_id)
    claim.provider.send(claim.request, claim.credentials, not_after=time.monotonic() + 5)
    journal.close()
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "submitting"
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "unknown"
    work()
    assert len(oracle.calls(document.reference)) == 1


def test_an_answer_that_only_the_journal_has_is_recorded_from_it(oracle, issuer):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    journal.sending(claim.attempt_id)
    journal.answer(
        claim.attempt_id, claim.provider.send(claim.request, claim.credentials, not_after=time.monotonic() + 5)
    )
    journal.close()
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "stamped"
    assert Message.objects.count() == 1
    sweep_attempts()
    assert Message.objects.count() == 1


def test_a_late_success_resolves_the_doubt(oracle, issuer):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    exchange = sent(journal, claim)
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "unknown"
    record_answer(attempt_id=claim.attempt_id, exchange=exchange)
    record_answer(attempt_id=claim.attempt_id, exchange=exchange)
    document.refresh_from_db()
    assert document.status == "stamped"
    assert document.attempts.get().outcome == Outcome.ACCEPTED
    assert Message.objects.count() == 1
    journal.close()


def test_the_code_of_a_late_answer_that_is_no_proof_is_read_at_once(oracle, issuer):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    exchange = sent(journal, claim)
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    record_answer(attempt_id=claim.attempt_id, exchange=replace(exchange, failure="DeadlinePassed: 14 s"))
    document.refresh_from_db()
    assert document.status == "unknown"
    work()
    document.refresh_from_db()
    assert (document.status, document.generation_code) == ("stamped", oracle.documents()[0].code)
    assert len(oracle.calls(document.reference)) == 1
    journal.close()


def test_a_late_success_after_a_person_sent_again_is_reported_as_two(oracle, issuer, admin_user):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    exchange = sent(journal, claim)
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    let_quiet_period_pass(document)
    send_again(document, actor=admin_user, reason="I saw nothing")
    work()
    record_answer(attempt_id=claim.attempt_id, exchange=exchange)
    document.refresh_from_db()
    assert document.status == "stamped"
    first = oracle.documents()[0]
    assert document.twin_code == first.code
    bring_forward(document)
    work()
    document.refresh_from_db()
    assert document.twin_code == first.code
    journal.close()


def test_a_late_success_before_it_was_sent_again_stops_the_sending(oracle, issuer, admin_user):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    exchange = sent(journal, claim)
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    let_quiet_period_pass(document)
    send_again(document, actor=admin_user, reason="I saw nothing")
    record_answer(attempt_id=claim.attempt_id, exchange=exchange)
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    assert len(oracle.documents()) == 1
    assert document.twin_code == ""
    journal.close()


def test_not_issued_is_not_believed_while_a_seen_code_was_not_read(oracle, issuer, admin_user):
    oracle.fault("500_before", times=0, route="get_json")
    document = in_doubt(oracle, issuer, "refused_after")
    let_quiet_period_pass(document)
    with pytest.raises(PreconditionFailed, match="code"):
        send_again(document, actor=admin_user, reason="I saw nothing")
    oracle.clear_faults()
    queue_reading(document, actor=admin_user)
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    assert len(oracle.documents()) == 1


def test_not_issued_is_not_believed_while_the_provider_answers_no_look_up(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer, "reset_before")
    let_quiet_period_pass(document)
    oracle.fault("500_before", times=0, route="get_json")
    with pytest.raises(PreconditionFailed, match="look-up"):
        send_again(document, actor=admin_user, reason="I saw nothing")
    document.refresh_from_db()
    assert document.status == "unknown"


def test_not_issued_is_not_believed_after_a_look_up_found_it(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer)
    let_quiet_period_pass(document)
    read_remote(document, code=oracle.documents()[0].code, actor=admin_user)
    with pytest.raises(PreconditionFailed, match="found"):
        send_again(document, actor=admin_user, reason="I saw nothing")
    assert len(oracle.documents()) == 1


def test_found_wins_over_a_not_issued_that_was_not_sent_yet(oracle, issuer, admin_user):
    document = in_doubt(oracle, issuer)
    (found,) = oracle.documents()
    let_quiet_period_pass(document)
    stale = Document.objects.get(pk=document.pk)
    send_again(document, actor=admin_user, reason="I saw nothing")
    reading = read_remote(stale, code=found.code, actor=admin_user)
    with transaction.atomic():
        row = Document.objects.select_for_update().get(pk=document.pk)
        assert believe_issued(row, row.attempts.get(), reading.identifiers, how="found")
    work()
    document.refresh_from_db()
    assert (document.status, document.generation_code) == ("stamped", found.code)
    assert len(oracle.documents()) == 1


def test_a_call_that_comes_too_late_does_not_leave(oracle, issuer):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    exchange = claim.provider.send(claim.request, claim.credentials, not_after=time.monotonic() - 1)
    assert exchange.written is False
    record_answer(attempt_id=claim.attempt_id, exchange=exchange)
    document.refresh_from_db()
    assert document.status == "ready"
    assert oracle.calls() == []
    journal.close()


def test_an_exchange_that_was_never_written_is_not_sent(issuer):
    journal = Journal()
    document, claim = claimed(issuer, journal)
    record_answer(attempt_id=claim.attempt_id, exchange=Exchange(written=False, failure="NameResolutionError"))
    document.refresh_from_db()
    assert document.status == "ready"
    journal.close()
