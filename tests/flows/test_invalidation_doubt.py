"""An invalidation in doubt ends by look-up alone, whatever stands in the way of the look-ups meanwhile."""

import json
from datetime import timedelta

import pytest
from django.utils.timezone import now

from smartbill.lifecycle import Outcome, Status
from smartbill.models import Attempt, Document, ReadingRecord
from smartbill.providers.base import Exchange, Reading
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.apply_reading import MOST_TRIES, POLLS, apply_reading
from smartbill.services.create import create_document
from smartbill.services.invalidate import request_invalidation
from smartbill.services.read import queue_reading
from smartbill.services.record import record_answer
from smartbill.services.sweep import sweep_attempts
from tests.factories.documents import make_attempt
from tests.factories.smartbill import make_draft
from tests.flows.engine import bring_forward, claim_all, issuer_with_keys, let_quiet_period_pass, work

pytestmark = pytest.mark.django_db(transaction=True)
SEAL = "2026A" + "0" * 35


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


def again(document):
    return Document.objects.select_related("issuer").get(pk=document.pk)


def in_doubt(oracle, person, fault="reset_after"):
    document = create_document(draft=make_draft(issuer_with_keys()))
    work()
    oracle.fault(fault, route="invalidate")
    request_invalidation(again(document), actor=person, reason="Wrong customer")
    work()
    document = again(document)
    assert document.status == Status.INVALIDATION_UNKNOWN
    return document


def look_up_now(document):
    bring_forward(document)
    work()
    return again(document)


@pytest.mark.parametrize("fault", ["reset_after", "html_200", "500_after", "redirect_after", "truncate", "hang_after"])
def test_what_was_done_is_found_done(oracle, admin_user, settings, fault):
    settings.SMARTBILL_READ_TIMEOUT = 0.5
    document = look_up_now(in_doubt(oracle, admin_user, fault))
    assert document.status == Status.INVALIDATED
    attempt = document.attempts.get(operation="invalidate")
    assert (attempt.outcome, attempt.resolution) == (Outcome.ACCEPTED, "Found invalidated.")


@pytest.mark.parametrize("fault", ["reset_before", "html_200_before", "500_before", "redirect", "409"])
def test_what_was_not_done_is_found_valid_after_the_quiet_period_and_can_be_asked_for_again(oracle, admin_user, fault):
    document = look_up_now(in_doubt(oracle, admin_user, fault))
    assert document.status == Status.INVALIDATION_UNKNOWN
    let_quiet_period_pass(document)
    document = look_up_now(document)
    assert document.status == Status.STAMPED
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    work()
    assert again(document).status == Status.INVALIDATED


def test_without_a_key_it_waits_and_ends_when_there_is_one_again(oracle, admin_user):
    document = in_doubt(oracle, admin_user)
    document.issuer.api_keys.update(stopped_at=now())
    for _time in range(3):
        document = look_up_now(document)
        assert document.status == Status.INVALIDATION_UNKNOWN
        assert document.next_at > now()
    assert not ReadingRecord.objects.filter(document=document, created_at__gt=document.status_since).exists()
    document.issuer.api_keys.update(stopped_at=None)
    assert look_up_now(document).status == Status.INVALIDATED


def test_a_key_that_the_provider_refuses_does_not_stop_the_look_ups_of_the_others(oracle, admin_user):
    document = in_doubt(oracle, admin_user)
    document.issuer.api_keys.filter(role="transmitter").update(public_key="pub_revoked_there_000000")
    assert look_up_now(document).status == Status.INVALIDATED


@pytest.mark.parametrize("fault", ["500_before", "html_200_before", "html_502_before", "reset_before", "429", "401"])
def test_a_provider_that_is_away_for_a_day_is_asked_ever_more_seldom_and_never_given_up(oracle, admin_user, fault):
    document = in_doubt(oracle, admin_user)
    oracle.fault(fault, times=0, route="get_json")
    waits = []
    for _time in range(len(POLLS) + 2):
        document = look_up_now(document)
        assert document.status == Status.INVALIDATION_UNKNOWN
        waits.append(round((document.next_at - now()).total_seconds(), -1))
    assert waits == [*POLLS, POLLS[-1], POLLS[-1]]
    oracle.clear_faults()
    assert look_up_now(document).status == Status.INVALIDATED


def test_it_is_asked_on_after_more_tries_than_the_column_counts(oracle, admin_user):
    document = in_doubt(oracle, admin_user)
    Document.objects.filter(pk=document.pk).update(tries=MOST_TRIES)
    oracle.fault("500_before", times=1, route="get_json")
    document = look_up_now(document)
    assert (document.tries, document.next_at > now()) == (MOST_TRIES, True)
    assert look_up_now(document).status == Status.INVALIDATED


def test_a_person_can_look_up_at_once(oracle, admin_user):
    document = in_doubt(oracle, admin_user)
    Document.objects.filter(pk=document.pk).update(next_at=now() + timedelta(hours=1))
    queue_reading(again(document), actor=admin_user)
    work()
    assert again(document).status == Status.INVALIDATED


def test_a_provider_that_forgot_the_document_is_told_and_asked_on(oracle, admin_user):
    document = in_doubt(oracle, admin_user)
    apply_reading(document, Reading(state="absent"), code=document.generation_code)
    document = again(document)
    assert (document.status, document.next_at > now()) == (Status.INVALIDATION_UNKNOWN, True)
    assert "no longer knows" in document.difference
    assert look_up_now(document).status == Status.INVALIDATED
    assert again(document).difference == ""


# Late answers -----------------------------------------------------------------------------------------------------


def done():
    body = {"success": True, "data": {"estado": "INVALIDADO", "selloRecibido": SEAL}}
    return Exchange(written=True, status=200, body=json.dumps(body).encode())


def test_a_late_proof_counts_after_the_document_was_believed_valid_again(oracle, admin_user):
    document = in_doubt(oracle, admin_user, "reset_before")
    let_quiet_period_pass(document)
    document = look_up_now(document)
    assert document.status == Status.STAMPED
    attempt = document.attempts.get(operation="invalidate")
    record_answer(attempt_id=attempt.pk, exchange=done())
    attempt.refresh_from_db()
    assert (again(document).status, attempt.outcome) == (Status.INVALIDATED, Outcome.ACCEPTED)


def test_a_late_proof_while_the_next_call_is_under_way_leaves_its_end_to_a_look_up(oracle, admin_user):
    document = in_doubt(oracle, admin_user, "reset_before")
    let_quiet_period_pass(document)
    document = look_up_now(document)
    first = document.attempts.get(operation="invalidate")
    request_invalidation(document, actor=admin_user, reason="Again")
    (claim,) = claim_all(worker="w", limit=1)
    record_answer(attempt_id=first.pk, exchange=done())
    assert again(document).status == Status.INVALIDATING
    refusal = b'{"success": false, "error": {"code": "NOT_ELIGIBLE", "message": "no", "details": []}}'
    record_answer(attempt_id=claim.attempt_id, exchange=Exchange(written=True, status=422, body=refusal))
    document = again(document)
    assert document.status == Status.STAMPED
    apply_reading(document, Reading(state="invalidated"), code=document.generation_code)
    assert again(document).status == Status.INVALIDATED


def test_a_late_proof_of_the_first_ends_the_doubt_about_the_second(oracle, admin_user):
    document = in_doubt(oracle, admin_user)
    second = document.attempts.get(operation="invalidate")
    first = make_attempt(
        document, operation="invalidate", number=9, outcome="not_sent", resolved_at=now(), api_key=second.api_key,
        request=bytes(second.request),
    )  # fmt: skip
    record_answer(attempt_id=first.pk, exchange=done())
    first.refresh_from_db()
    second.refresh_from_db()
    assert again(document).status == Status.INVALIDATED
    assert (first.outcome, second.resolved_at is not None) == (Outcome.ACCEPTED, True)


def test_a_worker_that_died_in_the_call_leaves_a_doubt_that_the_look_up_ends(oracle, admin_user):
    document = create_document(draft=make_draft(issuer_with_keys()))
    work()
    request_invalidation(again(document), actor=admin_user, reason="Wrong customer")
    (claim,) = claim_all(worker="a-worker-that-dies", limit=1)
    Attempt.objects.filter(pk=claim.attempt_id).update(deadline_at=now() - timedelta(days=1))
    sweep_attempts()
    assert again(document).status == Status.INVALIDATION_UNKNOWN
    assert look_up_now(document).status == Status.STAMPED
