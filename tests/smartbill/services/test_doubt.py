"""What is learnt about a doubt from an unexpected side, in any order: no machine sends again, nobody is stuck."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.module_loading import import_string
from django.utils.timezone import now

from smartbill.errors import NotOurs, PreconditionFailed, TransitionRefused
from smartbill.lifecycle import Outcome, Status
from smartbill.models import Attempt, Document
from smartbill.providers.base import Exchange, Identifiers, Reading, Verdict
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services import absence, resolve
from smartbill.services.apply_reading import apply_reading
from smartbill.services.compare import identity_problems, may_be_ours
from smartbill.services.correct import correct_document
from smartbill.services.record import record_answer
from smartbill.services.resolve import adopt_found, send_again
from smartbill.services.sweep import sweep_attempts
from tests.factories.documents import make_attempt, make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys, work

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = "AAAA0001-0000-4000-8000-000000000001"
SECOND = "BBBB0002-0000-4000-8000-000000000002"
SEAL = "2026A" + "0" * 35
LONG_AGO = now() - timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def issuer(oracle):
    return issuer_with_keys()


def doubted(issuer, status=Status.UNKNOWN, **changes):
    """Return a document in this state with one attempt whose fate is not proved (unless `changes` say so)."""
    document = make_document(status, issuer=issuer)
    columns = {"outcome": "unknown", "deadline_at": LONG_AGO, "answer": None, "http_status": None, **changes}
    return document, make_attempt(document, api_key=issuer.api_keys.first(), **columns)


ANSWERED = {"resolved_at": now(), "resolution": "Not issued: I saw nothing"}


def issued(code):
    data = {"codigoGeneracion": code, "selloRecibido": SEAL, "estado": "PROCESADO"}
    return Exchange(written=True, status=200, body=json.dumps({"success": True, "data": data}).encode())


def cut_off(code):
    return Exchange(written=True, status=200, body=f'{{"data":{{"codigoGeneracion":"{code}"'.encode(), failure="cut")


def again(document):
    return Document.objects.get(pk=document.pk)


# A late answer ----------------------------------------------------------------------------------------------------


def test_a_code_in_a_late_answer_stops_a_second_sending_that_waits(issuer):
    document, attempt = doubted(issuer, Status.READY, **ANSWERED)
    record_answer(attempt_id=attempt.pk, exchange=cut_off(FIRST))
    assert again(document).status == Status.UNKNOWN
    attempt.refresh_from_db()
    assert (attempt.seen_code, attempt.resolved_at) == (FIRST, None)


def test_a_code_in_a_late_answer_after_the_document_was_issued_is_an_incident_to_look_into(issuer):
    document, attempt = doubted(issuer, Status.STAMPED, **ANSWERED)
    record_answer(attempt_id=attempt.pk, exchange=cut_off(FIRST))
    assert (again(document).status, again(document).twin_code) == (Status.STAMPED, FIRST)
    assert "may hold" in document.events.latest("id").reason


def test_a_second_code_in_a_late_answer_is_not_lost(issuer):
    document, attempt = doubted(issuer, seen_code=FIRST)
    record_answer(attempt_id=attempt.pk, exchange=cut_off(SECOND))
    attempt.refresh_from_db()
    assert (attempt.seen_code, again(document).twin_code) == (FIRST, SECOND)


def test_proof_of_an_attempt_with_other_data_holds_what_waits_to_be_sent(issuer, admin_user):
    document, attempt = doubted(issuer, Status.READY, **ANSWERED)
    Document.objects.filter(pk=document.pk).update(revision=2, next_at=now())
    record_answer(attempt_id=attempt.pk, exchange=issued(FIRST))
    assert (again(document).status, again(document).twin_code) == (Status.HELD, FIRST)
    work()
    assert again(document).attempts.count() == 1
    with pytest.raises(TransitionRefused):
        correct_document(again(document), draft=make_draft(issuer), actor=admin_user, reason="Now")


def test_proof_of_a_refused_attempt_holds_what_waits_to_be_sent(issuer):
    document, attempt = doubted(issuer, Status.READY, **{**ANSWERED, "outcome": "rejected"})
    record_answer(attempt_id=attempt.pk, exchange=issued(FIRST))
    assert (again(document).status, again(document).twin_code) == (Status.HELD, FIRST)


def test_a_second_sending_that_issued_nothing_after_such_proof_is_held_and_not_left_in_a_doubt_about_nothing(issuer):
    document, first = doubted(issuer, Status.SUBMITTING, **{**ANSWERED, "outcome": "rejected"})
    second = make_attempt(document, number=2, outcome=None, api_key=first.api_key)
    record_answer(attempt_id=first.pk, exchange=issued(FIRST))
    record_answer(attempt_id=second.pk, exchange=Exchange(written=False, failure="refused"))
    assert (again(document).status, again(document).twin_code) == (Status.HELD, FIRST)


def test_proof_is_put_to_the_attempt_whose_answer_it_was(issuer):
    document, first = doubted(issuer, Status.SUBMITTING, **ANSWERED)
    second = make_attempt(document, number=2, api_key=first.api_key, **{**ANSWERED, "outcome": "unknown"})
    third = make_attempt(document, number=3, outcome=None, api_key=first.api_key)
    record_answer(attempt_id=first.pk, exchange=issued(FIRST))
    record_answer(attempt_id=third.pk, exchange=Exchange(written=False, failure="refused"))
    first.refresh_from_db()
    second.refresh_from_db()
    assert again(document).status == Status.UNKNOWN
    assert (first.seen_code, first.resolved_at) == (FIRST, None)
    assert second.resolved_at is not None


def test_proof_of_the_first_while_the_second_is_in_doubt_can_be_taken_by_a_person(issuer, admin_user, monkeypatch):
    document, first = doubted(issuer, **ANSWERED)
    make_attempt(document, number=2, outcome="unknown", api_key=first.api_key, deadline_at=LONG_AGO)
    record_answer(attempt_id=first.pk, exchange=issued(FIRST))
    document = again(document)
    assert (document.status, document.twin_code) == (Status.UNKNOWN, FIRST)
    with pytest.raises(PreconditionFailed, match=FIRST):
        send_again(document, actor=admin_user, reason="I saw nothing")
    monkeypatch.setattr(resolve, "read_remote", lambda *_args, **_rest: held(document, FIRST))
    adopt_found(document, code=FIRST, actor=admin_user)
    assert (again(document).status, again(document).twin_code) == (Status.STAMPED, "")


# A code that was seen ---------------------------------------------------------------------------------------------


def held(document, code, state="stamped", **changes):
    values = {"total": document.total, "references": (document.reference,), **changes}
    return Reading(state=state, identifiers=Identifiers(generation_code=code, seal=SEAL), **values)


@pytest.mark.parametrize(
    ("reading", "refused"),
    [
        ({"state": "no_information"}, True),
        ({"state": "stamped"}, True),
        ({"state": "contingency"}, True),
        ({"state": "stamped", "references": ()}, True),
        ({"state": "stamped", "references": (), "total": None}, True),
        ({"state": "stamped", "references": (), "total": 5}, False),
        ({"state": "invalidated"}, False),
        ({"state": "absent"}, False),
    ],
)
def test_a_seen_code_forbids_sending_again_only_while_it_may_be_the_document(
    issuer, admin_user, monkeypatch, reading, refused
):
    document, _attempt = doubted(issuer, seen_code=FIRST)
    monkeypatch.setattr(absence, "read_remote", lambda *_args, **_rest: held(document, FIRST, **reading))
    if refused:
        with pytest.raises(PreconditionFailed, match=FIRST):
            send_again(document, actor=admin_user, reason="I saw nothing")
    else:
        send_again(document, actor=admin_user, reason="I saw nothing")
    assert again(document).status == (Status.UNKNOWN if refused else Status.READY)


def test_a_code_that_is_invalidated_there_ends_the_look_ups_and_leaves_the_answer_to_a_person(issuer, admin_user):
    document, _attempt = doubted(issuer, seen_code=FIRST)
    apply_reading(document, held(document, FIRST, "invalidated"), code=FIRST)
    assert again(document).next_at is None
    assert "invalidated" in document.events.latest("id").reason


def test_an_answer_about_another_code_than_the_one_in_doubt_decides_nothing(issuer):
    document, attempt = doubted(issuer, seen_code=SECOND, problems=[{"field": "", "code": "x", "message": "no"}])
    apply_reading(document, Reading(state="absent"), code=FIRST)
    attempt.refresh_from_db()
    assert (again(document).status, attempt.outcome) == (Status.UNKNOWN, Outcome.UNKNOWN)


# Whose document is it ---------------------------------------------------------------------------------------------


def test_a_document_that_carries_anothers_reference_is_not_adopted_whatever_else_agrees(issuer):
    document, _attempt = doubted(issuer)
    other = make_document(Status.UNKNOWN, issuer=issuer)
    reading = held(document, FIRST, references=(other.reference,), receiver_name=document.customer_name,
                   issued_on=now().astimezone(issuer.zone).date())  # fmt: skip
    assert [problem.code for problem in identity_problems(document, reading)] == ["another_document"]
    assert not may_be_ours(document, reading)


# A provider that cannot be believed -------------------------------------------------------------------------------


def test_a_provider_that_does_not_know_what_it_has_issued_proves_nothing(issuer, admin_user):
    make_document(Status.STAMPED, issuer=issuer)
    document, _attempt = doubted(issuer)
    with pytest.raises(PreconditionFailed, match="does not even know"):
        send_again(document, actor=admin_user, reason="I saw nothing")
    assert again(document).status == Status.UNKNOWN


def test_what_arrives_while_the_provider_is_asked_is_not_passed_over(issuer, admin_user, monkeypatch):
    document, attempt = doubted(issuer)

    def ask_slowly(*_args, **_rest):
        record_answer(attempt_id=attempt.pk, exchange=cut_off(FIRST))
        return Reading(state="absent")

    monkeypatch.setattr(absence, "ask", ask_slowly)
    with pytest.raises(PreconditionFailed, match="meanwhile"):
        send_again(document, actor=admin_user, reason="I saw nothing")
    attempt.refresh_from_db()
    assert (again(document).status, attempt.resolved_at, attempt.seen_code) == (Status.UNKNOWN, None, FIRST)


def test_a_document_found_and_then_invalidated_there_can_be_sent_again(oracle, issuer, admin_user):
    document, _attempt = doubted(issuer)
    content = document.reference.encode()
    document.readings.create(code=FIRST, state="stamped", content=content)
    with pytest.raises(PreconditionFailed, match="found"):
        send_again(document, actor=admin_user, reason="I saw nothing")
    document.readings.create(code=FIRST, state="invalidated", content=content)
    with pytest.raises(NotOurs):
        adopt_found(document, code=FIRST, actor=admin_user)
    send_again(document, actor=admin_user, reason="It was invalidated there")
    assert again(document).status == Status.READY


# Never a machine --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "given"), [(send_again, {"reason": "x"}), (adopt_found, {"code": FIRST})])
def test_no_machine_answers(issuer, answer, given):
    document, attempt = doubted(issuer)
    with pytest.raises(PermissionDenied):
        answer(document, actor=None, **given)
    attempt.refresh_from_db()
    assert (again(document).status, attempt.resolved_at) == (Status.UNKNOWN, None)


def test_whatever_the_background_does_a_document_in_doubt_is_not_sent(oracle, issuer, settings):
    """Every drain and every schedule of the house, with all that could be due about the document."""
    document, attempt = doubted(issuer, seen_code=FIRST)
    silent, _other = doubted(issuer)
    invalid, _third = doubted(issuer, Status.INVALIDATION_UNKNOWN, operation="invalidate")
    drains = [import_string(name) for name in settings.DRAINS if name.startswith("smartbill.")]
    assert len(drains) >= 6
    for _round in range(3):
        Document.objects.update(next_at=now(), status_since=LONG_AGO)
        for drain in drains:
            due = drain.due(now())
            for key in [()] if isinstance(due, bool) else [(each,) for each in due]:
                drain(*key)
        sweep_attempts()
    assert again(document).status == again(silent).status == Status.UNKNOWN
    assert again(invalid).status == Status.INVALIDATION_UNKNOWN
    assert Attempt.objects.count() == 3
    assert {call.route for call in oracle.calls()} == {"get_json"}


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "not_sent", "unknown"])
def test_no_late_answer_whatever_it_says_makes_a_document_in_doubt_ready(issuer, monkeypatch, outcome):
    document, attempt = doubted(issuer)
    verdict = Verdict(outcome=outcome, note="late", identifiers=Identifiers(generation_code=FIRST, seal=SEAL))
    monkeypatch.setattr("smartbill.providers.el_salvador.answers.submission_verdict", lambda *_args: verdict)
    record_answer(attempt_id=attempt.pk, exchange=Exchange(written=True, status=200))
    assert again(document).status == (Status.STAMPED if outcome == "accepted" else Status.UNKNOWN)


@pytest.mark.parametrize("state", ["stamped", "contingency", "invalidated", "absent", "no_information"])
@pytest.mark.parametrize("problems", [[], [{"field": "", "code": "x", "message": "no"}]])
def test_no_look_up_whatever_it_says_makes_a_document_in_doubt_ready(issuer, state, problems):
    document, _attempt = doubted(issuer, seen_code=FIRST, problems=problems)
    apply_reading(document, held(document, FIRST, state), code=FIRST)
    assert again(document).status not in (Status.READY, Status.SUBMITTING)


def test_whoever_finds_it_before_it_is_sent_again_prevents_that(oracle, issuer, admin_user, monkeypatch):
    document, attempt = doubted(issuer, Status.READY, **ANSWERED)
    monkeypatch.setattr(resolve, "read_remote", lambda *_args, **_rest: held(document, FIRST))
    assert adopt_found(document, code=FIRST, actor=admin_user) is None
    attempt.refresh_from_db()
    assert (again(document).status, attempt.seen_code, attempt.resolved_at) == (Status.UNKNOWN, FIRST, None)
    assert again(document).next_at is not None


def test_a_document_that_never_was_in_doubt_is_not_found(issuer, admin_user):
    with pytest.raises(TransitionRefused):
        adopt_found(make_document(Status.READY, issuer=issuer), code=FIRST, actor=admin_user)
