"""What the pre-issue check says of a sale that the rules of the house hold."""

import pytest
from django.urls import reverse
from django.utils.timezone import now

from billing.models import Approval, RuleDecision, Sale
from billing.services.answer_approval import grant_approval, refuse_approval
from billing.services.check_sale import check_sale
from billing.services.review_buyer import review_buyer
from billing.services.save_profile import save_profile
from tests.factories.held import COMPLETE, held_sale
from tests.factories.people import make_staff, signed_in
from tests.factories.rules import make_approval, make_rule, make_sale
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
RELATED = ("document__issuer", "endpoint__issuer", "snapshot", "entry")


def codes(sale: Sale) -> list[str]:
    row = Sale.objects.select_related(*RELATED).get(pk=sale.pk)
    return [reason.code for reason in check_sale(row).reasons]


@pytest.mark.parametrize(("action", "code"), [("hold", "held_by_rule"), ("block", "blocked_by_rule")])
def test_a_sale_that_a_rule_holds_is_said_to_be_held(action: str, code: str) -> None:
    approval = make_approval(IssuerFactory.create(), action=action)
    assert codes(approval.sale) == [code]


def test_a_refusal_is_told_and_an_approval_is_not() -> None:
    first, second = (make_approval(IssuerFactory.create()) for _number in range(2))
    person = make_staff("billing.answer_approval")
    refuse_approval(first, actor=person, reason="Fraud")
    grant_approval(second, actor=person, reason="Known customer")
    assert codes(first.sale) == ["approval_refused"]
    assert codes(second.sale) == []


def test_a_document_that_a_rule_holds_is_said_to_be_held() -> None:
    sale = held_sale()
    make_rule(sale.endpoint.issuer)
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE, source="staff")
    Sale.objects.update(buyer_due_at=now())
    review_buyer(sale_id=sale.pk)
    assert codes(sale) == ["held_by_rule"]


def test_looking_asks_nobody() -> None:
    issuer = IssuerFactory.create()
    make_rule(issuer)
    assert codes(make_sale(issuer)) == ["held_by_rule"]
    assert (Approval.objects.count(), RuleDecision.objects.count()) == (0, 0)


def test_the_page_leads_to_the_approval() -> None:
    approval = make_approval(IssuerFactory.create(), action="block")
    client = signed_in("billing.view_sale")
    text = client.get(reverse("admin:billing_sale_check", args=[approval.sale.key])).content.decode()
    assert "Blocked by the rule: Large sale." in text
    assert reverse("admin:billing_approval_change", args=[approval.pk]) in text
