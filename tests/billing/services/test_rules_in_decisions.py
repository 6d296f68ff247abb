"""What rules hold from the payment to the document, and that nothing goes around them."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils.timezone import now

from billing.errors import NotWaiting, OwnRequest
from billing.models import Approval, Rule, Sale
from billing.services.announce_approval import remind_due_approvals
from billing.services.answer_approval import grant_approval, refuse_approval
from billing.services.decide_sale import decide_sale
from billing.services.redecide_sale import redecide_sale
from billing.services.register_sale import register_sale
from billing.services.review_buyer import review_buyer
from billing.services.save_profile import save_profile
from billing.services.switch_rule import switch_off
from smartbill.drafts import CORRECTED, Provenance
from smartbill.errors import InvalidDraft
from smartbill.models import Document
from smartbill.services.abandon import abandon_document
from smartbill.services.correct import correct_document
from tests.billing import shapes
from tests.factories.billing import StripeEndpointFactory
from tests.factories.held import COMPLETE, held_sale
from tests.factories.people import make_staff
from tests.factories.rules import make_rule

pytestmark = pytest.mark.django_db
OF_ANA = {"total": "113.00 USD", "kind": "factura", "name": "Ana López", "tax_id": "", "nrc": "", "country": ""}
INVOICE = ("invoice", "in_1")


@pytest.fixture
def sale(book: Any) -> Sale:
    put_invoice(book)
    book.put("payment_intents", shapes.intent(11300))
    book.put("products", {"id": "prod_1", "name": "Pro", "metadata": {}})
    book.put("tax_rates", {"id": shapes.IVA, "percentage": 13.0})
    endpoint = StripeEndpointFactory.create()
    make_rule(endpoint.issuer)
    return register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE])


def put_invoice(book: Any, **changes: Any) -> None:
    found = shapes.invoice([shapes.included(11300)], **changes)
    book.put("invoices", found)
    book.invoice_payments[:] = found["payments"]["data"]


def decide(sale: Sale) -> Sale:
    decide_sale(sale_id=sale.pk)
    sale.refresh_from_db()
    return sale


def approver() -> Any:
    return make_staff("billing.answer_approval")


def test_a_held_sale_has_no_document_until_somebody_approves_it(book: Any, sale: Sale) -> None:
    decide(sale)
    assert (sale.outcome, sale.worth, sale.document) == ("held", 113, None)
    assert sale.reasons[0]["code"] == "held_by_rule"
    assert sale.reasons[0]["values"] == {"rules": "Large sale"}
    assert Document.objects.count() == 0
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    decide(sale)
    document = Document.objects.get()
    assert (sale.outcome, sale.document, document.status) == ("document", document, "ready")
    draft = document.revisions.get().draft
    assert draft.approved == OF_ANA
    assert Approval.objects.count() == 1


def test_deciding_again_goes_not_around_the_rule(book: Any, sale: Sale) -> None:
    decide(sale)
    for _again in range(2):
        redecide_sale(sale, actor=make_staff("billing.retry_sale"), reason="Let it go")
        decide(sale)
    assert (sale.outcome, Document.objects.count(), Approval.objects.count()) == ("held", 0, 1)


def test_a_refused_sale_stays_without_document(book: Any, sale: Sale) -> None:
    decide(sale)
    refuse_approval(Approval.objects.get(), actor=approver(), reason="Fraud")
    decide(sale)
    assert (sale.outcome, sale.reasons[0]["code"]) == ("held", "approval_refused")
    assert (Document.objects.count(), Approval.objects.count()) == (0, 1)


def test_what_changes_at_stripe_after_the_approval_is_asked_anew(book: Any, sale: Sale) -> None:
    decide(sale)
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    put_invoice(book, customer_name="Somebody Else", customer=shapes.customer(name="Somebody Else"))
    decide(sale)
    assert (sale.outcome, Document.objects.count()) == ("held", 0)
    assert list(Approval.objects.order_by("id").values_list("state", flat=True)) == ["granted", "open"]


def test_a_rule_switched_off_holds_no_longer(book: Any, sale: Sale) -> None:
    decide(sale)
    Rule.objects.update(state="off")
    redecide_sale(sale, actor=make_staff("billing.retry_sale"), reason="The rule is off")
    decide(sale)
    assert (sale.outcome, Approval.objects.get().state) == ("document", "lapsed")


def test_a_refund_of_everything_ends_the_approval(book: Any, sale: Sale) -> None:
    decide(sale)
    book.put("payment_intents", shapes.intent(11300, latest_charge=shapes.charge(11300, amount_refunded=11300)))
    redecide_sale(sale, actor=make_staff("billing.retry_sale"), reason="Refunded")
    decide(sale)
    assert (sale.outcome, Approval.objects.get().state) == ("not_applicable", "lapsed")


def test_a_sale_that_joins_another_is_asked_about_no_more(book: Any) -> None:
    endpoint = StripeEndpointFactory.create()
    make_rule(endpoint.issuer)
    intent = shapes.intent(11300, description="Consulting", metadata={"tax_class": "standard"})
    book.put("payment_intents", intent)
    bare = decide(register_sale(endpoint=endpoint, key="payment_intent:pi_1", ids=[("payment_intent", "pi_1")]))
    assert bare.outcome == "held"
    register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE])
    register_sale(endpoint=endpoint, key="invoice:in_1", ids=[INVOICE, ("payment_intent", "pi_1")])
    bare.refresh_from_db()
    assert (bare.outcome, Approval.objects.get().state) == ("not_applicable", "lapsed")


# A document that waits for its buyer ----------------------------------------------------------------------------------
def waiting() -> Sale:
    """A sale approved and then held for its buyer's data."""
    sale = held_sale()
    make_rule(sale.endpoint.issuer)
    return sale


def complete() -> None:
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE, source="staff")


def look_again(sale: Sale) -> Document:
    Sale.objects.update(buyer_due_at=now())
    review_buyer(sale_id=sale.pk)
    return Document.objects.get()


def test_a_buyer_who_completes_their_data_does_not_go_around_the_rule() -> None:
    sale = waiting()
    complete()
    document = look_again(sale)
    assert document.status == "held"
    assert "Held by the rule: Large sale." in document.reason
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    assert look_again(sale).status == "ready"


def test_a_correction_by_hand_answers_no_rule() -> None:
    sale = waiting()
    complete()
    document = look_again(sale)
    draft = document.revisions.get(number=document.revision).draft
    with pytest.raises(InvalidDraft, match="Held by the rule"):
        correct_document(document, draft=draft, actor=make_staff("smartbill.correct_document"), reason="Now")
    assert Document.objects.get().status == "held"


def test_a_correction_by_hand_does_not_change_what_was_approved() -> None:
    sale = waiting()
    document = look_again(sale)
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    document = look_again(sale)
    assert document.status == "held"
    draft = document.revisions.get(number=document.revision).draft
    other = replace(draft, kind="factura", party=replace(draft.party, name="Somebody Else", nrc=""))
    person = make_staff("smartbill.correct_document", "billing.answer_approval")
    with pytest.raises(InvalidDraft, match="Held by the rule"):
        correct_document(document, draft=other, actor=person, reason="Now")
    assert Document.objects.get().status == "held"
    asked = Approval.objects.open().get()
    assert (asked.subject, asked.requested_by) == (other.essence, person)
    with pytest.raises(OwnRequest):
        grant_approval(asked, actor=person, reason="Mine")
    grant_approval(asked, actor=approver(), reason="The new buyer is known")
    correct_document(document, draft=other, actor=person, reason="Now")
    document = Document.objects.get()
    assert (document.status, document.revisions.get(number=document.revision).draft.approved) == (
        "ready",
        other.essence,
    )


def test_a_correction_by_hand_into_what_a_rule_blocks_is_refused() -> None:
    sale = held_sale()
    make_rule(sale.endpoint.issuer, {"fact": "kind", "operator": "one_of", "value": ["factura"]}, action="block")
    document = look_again(sale)
    assert (document.status, Approval.objects.count()) == ("held", 0)
    draft = document.revisions.get(number=document.revision).draft
    other = replace(draft, kind="factura", party=replace(draft.party, nrc="", activity_code="", activity_text=""))
    with pytest.raises(InvalidDraft, match="Blocked by the rule"):
        correct_document(document, draft=other, actor=make_staff("smartbill.correct_document"), reason="Now")
    assert (Document.objects.get().status, Approval.objects.get().is_block) == ("held", True)


def test_what_was_approved_and_corrected_can_be_corrected_again() -> None:
    sale = waiting()
    complete()
    look_again(sale)
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    look_again(sale)
    person = make_staff("smartbill.correct_document")
    for name in ("Ferretería Ñandú", "Ferretería Ñandú Nueva"):
        Document.objects.update(status="rejected", next_at=None)
        document = Document.objects.get()
        draft = document.revisions.get(number=document.revision).draft
        origin = {"party.name": Provenance(source=CORRECTED, raw=draft.party.name)}
        changed = replace(draft, party=replace(draft.party, name=name), provenance={**draft.provenance, **origin})
        with pytest.raises(InvalidDraft, match="Held by the rule"):
            correct_document(document, draft=changed, actor=person, reason="Their new name")
        grant_approval(Approval.objects.open().get(), actor=approver(), reason="Known customer")
        correct_document(document, draft=changed, actor=person, reason="Their new name")
    assert (Document.objects.get().status, Document.objects.get().customer_name) == ("ready", "Ferretería Ñandú Nueva")


def test_an_old_grant_does_not_outlive_a_later_refusal() -> None:
    sale = waiting()
    save_profile(customer_id="cus_1", livemode=False, values={**COMPLETE, "email": ""}, source="staff")
    look_again(sale)
    grant_approval(Approval.objects.get(), actor=approver(), reason="Known customer")
    save_profile(customer_id="cus_1", livemode=False, values={"legal_name": "Other"}, source="staff")
    look_again(sale)
    refuse_approval(Approval.objects.open().get(), actor=approver(), reason="Fraud")
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE, source="customer")
    assert look_again(sale).status == "held"
    assert Approval.objects.open().count() == 1


def test_an_abandoned_document_ends_its_approval() -> None:
    sale = waiting()
    document = look_again(sale)
    abandon_document(document, actor=make_staff("smartbill.correct_document"), reason="No")
    look_again(sale)
    assert Approval.objects.get().state == "lapsed"


def test_nobody_is_asked_about_a_document_that_was_abandoned_meanwhile() -> None:
    document = look_again(waiting())
    abandon_document(document, actor=make_staff("smartbill.correct_document"), reason="No")
    approval = Approval.objects.open().get()
    with pytest.raises(NotWaiting):
        grant_approval(approval, actor=approver(), reason="Known customer")
    Approval.objects.update(next_at=now())
    remind_due_approvals()
    approval.refresh_from_db()
    assert (approval.state, approval.reminders) == ("lapsed", 0)


def test_what_a_rule_holds_goes_on_when_it_is_switched_off(book: Any, sale: Sale) -> None:
    decide(sale)
    assert sale.outcome == "held"
    switch_off(Rule.objects.get(), actor=make_staff("billing.switch_rule"), reason="Too many")
    sale.refresh_from_db()
    assert (sale.outcome, sale.events.last().reason) == ("pending", "The rule “Large sale” was switched off.")
    decide(sale)
    assert (Document.objects.get().status, Approval.objects.get().state) == ("ready", "lapsed")
