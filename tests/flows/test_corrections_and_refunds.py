"""Money that a case took out of the documents and money that went back at Stripe: each amount is corrected once."""

from decimal import Decimal

import pytest
from django.utils.timezone import now

from billing.errors import NotCorrectable
from billing.models import Reversal
from billing.reduction import reduced
from billing.services.correction_facts import facts_of_case, offer_for
from billing.services.decide_correction import (
    confirm_correction,
    fingerprint,
    propose_credit,
    propose_invalidation,
    propose_replacement,
)
from billing.services.open_correction import open_correction
from billing.services.settle_reversal import settle_reversal
from smartbill.models import Document
from tests.flows.conftest import member
from tests.flows.reversals import Story, look, settle_down
from tests.flows.test_corrections import finish, opened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("oracle")]


def credited_by_a_case(shop, manager):
    story = Story(shop, company=True).stamp()
    case = opened(story, wrong="amount")
    propose_credit(case, lines={0: Decimal("40.00")}, actor=manager, reason="Too much")
    finish()
    return story, case


def refunded(story, amount):
    refund = story.refund(amount)
    story.tell()
    settle_down()
    return refund


def reduced_by_a_case(story, manager):
    """Replace a factura of which 40.00 went back by one over the rest."""
    case = opened(story, wrong="amount")
    draft = case.document.revisions.get().draft
    propose_replacement(case, draft=reduced(draft, {0: Decimal("40.00")}), actor=manager, reason="Rest")
    finish()
    case.refresh_from_db()
    assert (case.state, case.replacement.total) == ("done", Decimal("73.00"))
    return case


@pytest.mark.parametrize(
    ("refunds", "outcome", "corrected"),
    [
        ([5000], [("done", "credited", "credit_note")], [4000]),
        ([3000, 2000], [("nothing", "corrected_already", ""), ("done", "credited", "credit_note")], [3000, 1000]),
    ],
)
def test_only_what_no_case_has_credited_is_credited_after_a_refund(shop, manager, refunds, outcome, corrected):
    story, case = credited_by_a_case(shop, manager)
    for amount in refunds:
        refunded(story, amount)
    assert story.outcome() == outcome
    assert [row.corrected_minor for row in Reversal.objects.in_order()] == corrected
    assert [note.total for note in story.notes] == [Decimal("40.00"), Decimal("10.00")]
    assert Document.objects.get(pk=case.document_id).credited == Decimal("50.00")


def test_the_whole_that_goes_back_after_a_case_is_credited_to_the_cent(shop, manager):
    story, case = credited_by_a_case(shop, manager)
    refunded(story, None)
    assert [note.total for note in story.notes] == [Decimal("40.00"), Decimal("73.00")]
    assert Document.objects.get(pk=case.document_id).credited == Decimal("113.00")


def test_a_refund_that_was_corrected_and_fails_at_the_bank_is_for_a_person(shop, manager):
    story = Story(shop).stamp()
    refund = refunded(story, 4000)
    reduced_by_a_case(story, manager)
    look()
    assert story.outcome() == [("nothing", "corrected_already", "")]
    shop.control(f"refunds/{refund['id']}/fail")
    story.tell()
    settle_down()
    assert story.outcome() == [("person", "undone_after_correction", "")]
    # Paid out anew, it is corrected already.
    refunded(story, 4000)
    assert story.outcome()[1] == ("nothing", "corrected_already", "")
    settle_reversal(Reversal.objects.in_order()[0], actor=manager, reason="Paid out anew")
    look()
    assert story.outcome()[0] == ("nothing", "settled", "")


def test_what_was_settled_by_hand_is_taken_out_once_and_hides_no_later_refund(shop, manager):
    story = Story(shop).stamp()
    refunded(story, 4000)
    settle_reversal(Reversal.objects.get(), actor=manager, reason="I replace the document")
    case = reduced_by_a_case(story, manager)
    assert Reversal.objects.get().corrected_minor == 4000
    again = open_correction(case.replacement, wrong="amount", statement="x", actor=manager)
    assert facts_of_case(again, at=now()).refunded == 0
    refunded(story, 1000)
    assert story.outcome()[1] == ("person", "part_of_final", "")
    assert facts_of_case(again, at=now()).refunded == Decimal("10.00")


def test_a_credit_that_was_proposed_ends_with_the_refund_that_is_credited_meanwhile(shop, manager):
    story = Story(shop, company=True).stamp()
    clerk = member("Finance clerk")
    case = opened(story, wrong="amount", by=clerk)
    propose_credit(case, lines={0: Decimal("40.00")}, actor=clerk, reason="Too much")
    refunded(story, 4000)
    with pytest.raises(NotCorrectable, match="since this was proposed"):
        confirm_correction(case, seen=fingerprint(case), actor=manager, reason="Yes")
    finish()
    assert Document.objects.get(pk=case.document_id).credited == Decimal("40.00")


def test_a_rest_that_was_proposed_ends_with_the_refund_that_fails_meanwhile(shop, manager):
    story = Story(shop).stamp()
    clerk = member("Finance clerk")
    story.refund(4000)
    second = refunded(story, 1000)
    case = opened(story, wrong="amount", by=clerk)
    draft = case.document.revisions.get().draft
    propose_replacement(case, draft=reduced(draft, {0: Decimal("50.00")}), actor=clerk, reason="Rest")
    shop.control(f"refunds/{second['id']}/fail")
    story.tell()
    settle_down()
    with pytest.raises(NotCorrectable, match="since this was proposed"):
        confirm_correction(case, seen=fingerprint(case), actor=manager, reason="Yes")
    assert Document.objects.count() == 1


@pytest.mark.parametrize("taken", ["1.00", "39.99", "40.01"])
def test_a_document_over_another_amount_than_what_stayed_is_refused(shop, manager, taken):
    story = Story(shop).stamp()
    refunded(story, 4000)
    case = opened(story, wrong="amount")
    draft = reduced(case.document.revisions.get().draft, {0: Decimal(taken)})
    with pytest.raises(NotCorrectable, match=r"has to be over 73\.00"):
        propose_replacement(case, draft=draft, actor=manager, reason="Rest")
    assert Document.objects.count() == 1


@pytest.mark.parametrize(("wrong", "refund", "code"), [("not_owed", 1, "refund_first"), ("duplicate", None, "no_twin")])
def test_the_only_document_of_what_is_paid_is_not_invalidated(shop, manager, wrong, refund, code):
    story = Story(shop).stamp()
    if refund:
        refunded(story, refund)
    case = opened(story, wrong=wrong)
    assert offer_for(case).code == code
    with pytest.raises(NotCorrectable):
        propose_invalidation(case, actor=manager, reason="x")
    assert story.document.status == "stamped"
