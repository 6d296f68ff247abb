"""Answers above the issuer's amount: the first person proposes, and only another one makes it so."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from notifications.errors import ReasonMissing
from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import Status
from smartbill.models import Document, Proposal
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.propose import open_proposal, withdraw_proposal
from smartbill.services.record import record_answer
from smartbill.services.resolve import adopt_found, confirm_proposal, send_again
from tests.factories.people import make_staff
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys, let_quiet_period_pass, work
from tests.smartbill.services.test_doubt import FIRST, issued

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = "smartbill.resolve_unknown"


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def ana():
    return make_staff(RIGHT)


@pytest.fixture
def eva():
    return make_staff(RIGHT)


def in_doubt(oracle, fault="reset_before", limit="100.00"):
    oracle.fault(fault)
    issuer = issuer_with_keys(second_person_above=limit and Decimal(limit))
    document = create_document(draft=make_draft(issuer))
    work()
    let_quiet_period_pass(document)
    document = again(document)
    assert (document.status, document.total) == (Status.UNKNOWN, Decimal("113.00"))
    return document


def again(document):
    return Document.objects.select_related("issuer").get(pk=document.pk)


def test_not_issued_takes_effect_when_another_person_confirms(oracle, ana, eva):
    document = in_doubt(oracle)
    proposal = send_again(document, actor=ana, reason="Not in the platform")
    work()
    assert (again(document).status, len(oracle.calls(document.reference))) == (Status.UNKNOWN, 1)
    confirm_proposal(again(document), actor=eva, proposal_id=proposal.pk)
    work()
    document = again(document)
    assert (document.status, len(oracle.documents())) == (Status.STAMPED, 1)
    proposal.refresh_from_db()
    assert (proposal.ending, proposal.proposed_by, proposal.ended_by) == ("confirmed", ana, eva)
    told = list(document.events.exclude(actor=None).values_list("actor", "before", "after"))
    assert told == [(ana.pk, "unknown", "unknown"), (eva.pk, "unknown", "ready")]
    assert f"proposed by {ana}" in document.attempts.first().resolution


def test_found_takes_effect_when_another_person_confirms(oracle, ana, eva):
    document = in_doubt(oracle, "reset_after")
    (found,) = oracle.documents()
    proposal = adopt_found(document, code=found.code, actor=ana)
    assert (again(document).status, proposal.code) == (Status.UNKNOWN, found.code)
    confirm_proposal(again(document), actor=eva, proposal_id=proposal.pk)
    assert (again(document).status, again(document).generation_code) == (Status.STAMPED, found.code)


@pytest.mark.parametrize(("limit", "waits"), [(None, False), ("113.00", False), ("112.99", True), ("0", True)])
def test_only_above_the_amount_of_the_issuer(oracle, ana, limit, waits):
    document = in_doubt(oracle, limit=limit)
    assert bool(send_again(document, actor=ana, reason="Not there")) is waits
    assert again(document).status == (Status.UNKNOWN if waits else Status.READY)


def test_nobody_confirms_an_answer_of_their_own(oracle, ana):
    document = in_doubt(oracle)
    proposal = send_again(document, actor=ana, reason="Not there")
    with pytest.raises(PreconditionFailed, match="another person"):
        confirm_proposal(again(document), actor=ana, proposal_id=proposal.pk)
    assert again(document).status == Status.UNKNOWN
    for ending in ("confirmed", "declined"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Proposal.objects.update(ending=ending, ended_at=proposal.proposed_at, ended_by=ana)


def test_the_right_is_asked_of_both(oracle, ana):
    document = in_doubt(oracle)
    clerk = make_staff("smartbill.submit_document")
    with pytest.raises(PermissionDenied):
        send_again(document, actor=clerk, reason="Not there")
    proposal = send_again(document, actor=ana, reason="Not there")
    for nobody in (clerk, None):
        with pytest.raises(PermissionDenied):
            confirm_proposal(again(document), actor=nobody, proposal_id=proposal.pk)
        with pytest.raises(PermissionDenied):
            withdraw_proposal(again(document), actor=nobody, reason="x")
    assert open_proposal(document) == proposal


def test_one_proposal_waits_at_a_time(oracle, ana, eva):
    document = in_doubt(oracle)
    proposal = send_again(document, actor=ana, reason="Not there")
    with pytest.raises(PreconditionFailed, match="waits for a second person"):
        send_again(again(document), actor=eva, reason="Not there either")
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.create(
            document=document, attempt=proposal.attempt, answer="not_issued", reason="x", proposed_by=eva
        )


@pytest.mark.parametrize(("own", "ending"), [(True, "withdrawn"), (False, "declined")])
def test_it_is_withdrawn_by_who_made_it_and_declined_by_another_with_a_reason(oracle, ana, eva, own, ending):
    document = in_doubt(oracle)
    proposal = send_again(document, actor=ana, reason="Not there")
    person = ana if own else eva
    with pytest.raises(ReasonMissing):
        withdraw_proposal(again(document), actor=person, reason=" ")
    withdraw_proposal(again(document), actor=person, reason="Found it after all")
    proposal.refresh_from_db()
    assert (proposal.ending, proposal.ended_by, again(document).status) == (ending, person, Status.UNKNOWN)
    assert "Found it after all" in document.events.latest("id").reason
    with pytest.raises(PreconditionFailed, match="ended"):
        confirm_proposal(again(document), actor=eva, proposal_id=proposal.pk)
    assert send_again(again(document), actor=eva, reason="Not there") is not None


def test_it_lapses_when_the_doubt_ends_by_itself(oracle, ana, eva):
    document = in_doubt(oracle)
    proposal = send_again(document, actor=ana, reason="Not there")
    record_answer(attempt_id=document.attempts.get().pk, exchange=issued(FIRST))
    proposal.refresh_from_db()
    assert (proposal.ending, proposal.ended_by) == ("lapsed", None)
    with pytest.raises(TransitionRefused):
        confirm_proposal(again(document), actor=eva, proposal_id=proposal.pk)
    assert again(document).status == Status.STAMPED


def test_what_is_confirmed_is_looked_up_once_more(oracle, ana, eva):
    document = in_doubt(oracle)
    proposal = send_again(document, actor=ana, reason="Not there")
    oracle.fault("500_before", times=0, route="get_json")
    with pytest.raises(PreconditionFailed, match="look-up"):
        confirm_proposal(again(document), actor=eva, proposal_id=proposal.pk)
    assert open_proposal(document) == proposal


def test_what_was_proposed_cannot_be_written_over(oracle, ana):
    send_again(in_doubt(oracle), actor=ana, reason="Not there")
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.update(reason="Something else")


def test_confirming_and_declining_at_once_has_one_winner(oracle, ana, eva):
    document = in_doubt(oracle)
    proposal = send_again(document, actor=ana, reason="Not there")
    # SQLite has one writer at a time: there they come one after the other.
    crowd = 1 if connection.vendor == "sqlite" else 3
    mai = make_staff(RIGHT)
    acts = [
        lambda: confirm_proposal(again(document), actor=eva, proposal_id=proposal.pk),
        lambda: confirm_proposal(again(document), actor=mai, proposal_id=proposal.pk),
        lambda: withdraw_proposal(again(document), actor=ana, reason="No"),
    ]

    def end_of(act):
        try:
            act()
        except (PreconditionFailed, TransitionRefused):
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(crowd) as pool:
        assert sorted(pool.map(end_of, acts)) == ["done", "refused", "refused"]
    proposal.refresh_from_db()
    confirmed = proposal.ending == "confirmed"
    assert again(document).status == (Status.READY if confirmed else Status.UNKNOWN)
    work()
    assert len(oracle.documents()) == (1 if confirmed else 0)
