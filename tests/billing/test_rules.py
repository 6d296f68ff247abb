import pytest

from billing.rules import Held, NotApplicable, NotYet, decide
from smartbill.drafts import Draft
from tests.billing import shapes
from tests.factories.smartbill import IssuerFactory


def decided(content, **changes):
    return decide(content, issuer=IssuerFactory.build(pk=7, **changes), source="invoice:in_1")


def codes(decision):
    return [reason.code for reason in decision.reasons]


def paid_invoice(**changes):
    return shapes.of_invoice(shapes.invoice([shapes.included(11300)], **changes))


def test_a_paid_invoice_becomes_a_draft():
    assert isinstance(decided(paid_invoice()), Draft)


@pytest.mark.parametrize("status", ["draft", "open", "uncollectible"])
def test_an_invoice_that_is_not_paid_waits(status):
    decision = decided(paid_invoice(status=status))
    assert decision == NotYet(reason="Stripe says that this is not paid.")


def test_a_void_invoice_needs_no_document():
    decision = decided(paid_invoice(status="void"))
    assert isinstance(decision, NotApplicable)
    assert codes(decision) == ["void"]


def test_a_zero_total_needs_no_document():
    decision = decided(paid_invoice(total=0))
    assert isinstance(decision, NotApplicable)
    assert codes(decision) == ["zero_total"]


def test_a_free_checkout_needs_no_document():
    free = shapes.session(0, payment_intent=None, payment_status="no_payment_required")
    decision = decided(shapes.of_session(free, [shapes.item(500, discount=500)]))
    assert isinstance(decision, NotApplicable)
    assert codes(decision) == ["zero_total"]


def test_a_checkout_that_is_not_paid_waits():
    assert isinstance(decided(shapes.of_session(shapes.session(500, payment_status="unpaid"), [])), NotYet)


def test_a_checkout_whose_invoice_is_still_to_come_waits_for_it():
    found = shapes.session(11300, invoice_creation={"enabled": True})
    decision = decided(shapes.of_session(found, [shapes.item(11300, tax_amount=1300)]))
    assert decision == NotYet(reason="Stripe has not made the invoice of this checkout yet.")


def test_an_intent_that_did_not_succeed_waits():
    assert isinstance(decided(shapes.of_intent(shapes.intent(500, status="processing"))), NotYet)


def test_what_was_refunded_in_full_needs_no_document():
    content = paid_invoice()
    content["intents"]["pi_1"]["latest_charge"]["amount_refunded"] = 11300
    decision = decided(content)
    assert isinstance(decision, NotApplicable)
    assert codes(decision) == ["refunded_before_issue"]


def test_what_was_credited_in_full_needs_no_document():
    assert codes(decided(paid_invoice(post_payment_credit_notes_amount=11300))) == ["refunded_before_issue"]


def test_what_was_refunded_in_part_becomes_a_draft_that_is_held():
    content = paid_invoice()
    content["intents"]["pi_1"]["latest_charge"]["amount_refunded"] = 11299
    decision = decided(content)
    assert [problem.code for problem in decision.held_because] == ["refunded_before_issue"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": "eur"}, "other_currency"),
        ({"currency": "jpy"}, "other_currency"),
        ({"livemode": True}, "wrong_mode"),
        ({"total": -100}, "negative_total"),
        ({"total": None}, "unreadable"),
        ({"total": 11300.0}, "unreadable"),
    ],
)
def test_what_no_draft_can_be_made_of_is_held_with_the_reason(changes, code):
    decision = decided(paid_invoice(**changes))
    assert isinstance(decision, Held)
    assert codes(decision) == [code]


def test_all_reasons_are_given_at_once():
    assert codes(decided(paid_invoice(currency="eur", livemode=True))) == ["other_currency", "wrong_mode"]


def test_a_currency_that_stripe_contradicts_itself_about_is_held():
    decision = decided(paid_invoice(currency="ugx"), currency="UGX")
    assert isinstance(decision, Held)
    assert codes(decision) == ["currency_on_hold"]


def test_a_snapshot_of_nothing_is_held():
    assert codes(decided({"schema": 1})) == ["unreadable"]
