"""Nobody answers what they want themselves, whichever way it came to be asked."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils.timezone import now

from billing.errors import OwnRequest
from billing.models import Approval, Sale
from billing.services.answer_approval import ask_again, grant_approval, refuse_approval
from billing.services.decide_sale import decide_sale
from billing.services.enter_manual import enter_manual
from billing.services.review_buyer import review_buyer
from billing.services.save_profile import save_profile
from notifications.models import Message
from notifications.services.mail_alert import readers
from smartbill.models import Document
from tests.factories.billing import StripeEndpointFactory
from tests.factories.held import COMPLETE, held_sale
from tests.factories.manual import RIGHTS, typed
from tests.factories.people import make_staff, open_session
from tests.factories.rules import make_rule

pytestmark = pytest.mark.django_db
ANSWERS = ("billing.answer_approval", "billing.lift_block")


@pytest.mark.parametrize("action", ["hold", "block"])
def test_who_enters_a_sale_by_hand_does_not_answer_for_it(action: str) -> None:
    endpoint = StripeEndpointFactory.create()
    make_rule(endpoint.issuer, action=action)
    one = make_staff(*RIGHTS, *ANSWERS)
    sale = enter_manual(typed(endpoint), token=uuid4(), actor=one)
    decide_sale(sale_id=sale.pk)
    approval = Approval.objects.get()
    assert approval.requested_by == one
    with pytest.raises(OwnRequest):
        grant_approval(approval, actor=one, reason="Mine")
    decide_sale(sale_id=sale.pk)
    assert Document.objects.count() == 0
    grant_approval(approval, actor=make_staff(*ANSWERS), reason="Looked at the receipt")
    decide_sale(sale_id=sale.pk)
    assert Document.objects.count() == 1


def test_who_enters_a_sale_by_hand_does_not_answer_what_another_asks_again() -> None:
    endpoint = StripeEndpointFactory.create()
    make_rule(endpoint.issuer)
    one = make_staff(*RIGHTS, *ANSWERS)
    sale = enter_manual(typed(endpoint), token=uuid4(), actor=one)
    decide_sale(sale_id=sale.pk)
    refuse_approval(Approval.objects.get(), actor=make_staff(*ANSWERS), reason="No receipt")
    decide_sale(sale_id=sale.pk)
    again = ask_again(Approval.objects.get(), actor=make_staff("billing.retry_sale"), reason="Here it is")
    for answer in (grant_approval, refuse_approval):
        with pytest.raises(OwnRequest):
            answer(again, actor=one, reason="Mine")
    assert Approval.objects.open().get() == again


def look_again(sale: Sale) -> None:
    Sale.objects.update(buyer_due_at=now())
    review_buyer(sale_id=sale.pk)


def test_who_asked_again_stays_the_requester_when_the_buyer_changes() -> None:
    sale = held_sale()
    make_rule(sale.endpoint.issuer)
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE, source="staff")
    look_again(sale)
    refuse_approval(Approval.objects.get(), actor=make_staff(*ANSWERS), reason="Fraud")
    look_again(sale)
    me: Any = make_staff(*ANSWERS, "billing.retry_sale")
    ask_again(Approval.objects.get(), actor=me, reason="It is not")
    save_profile(customer_id="cus_1", livemode=False, values={"legal_name": "Ferreteria Nandu SA"}, source="staff")
    look_again(sale)
    assert Approval.objects.open().get().requested_by == me
    with pytest.raises(OwnRequest):
        grant_approval(Approval.objects.open().get(), actor=me, reason="Mine")


def test_who_entered_it_is_not_mailed_and_the_page_says_why_they_have_no_button() -> None:
    endpoint = StripeEndpointFactory.create()
    make_rule(endpoint.issuer)
    managers = Group.objects.get_or_create(name="Finance manager")[0]
    one, other = (make_staff(*RIGHTS, *ANSWERS, "billing.view_approval", email=f"{name}@x.example") for name in "ab")
    managers.user_set.add(one, other)
    sale = enter_manual(typed(endpoint), token=uuid4(), actor=one)
    decide_sale(sale_id=sale.pk)
    approval = Approval.objects.get()
    mails = Message.objects.filter(template="alert_raised")
    assert set(mails.values_list("recipient", flat=True)) == {"b@x.example"}
    path = f"/admin/billing/approval/{approval.pk}/change/"
    own, others = (open_session(person).get(path) for person in (one, other))
    assert f"{one} entered or asked for it" in own.content.decode()
    assert "grant" not in {act.name for act in own.context["buttons"]}
    assert "grant" in {act.name for act in others.context["buttons"]}
    grant_approval(approval, actor=other, reason="Looked")
    over = Message.objects.filter(template="alert_resolved")
    assert set(over.values_list("recipient", flat=True)) == {"b@x.example"}


def test_an_alert_reaches_someone_even_where_only_the_requester_reads() -> None:
    one = make_staff(email="a@x.example")
    Group.objects.get_or_create(name="Finance manager")[0].user_set.add(one)
    assert [person.pk for person in readers(["Finance manager"], besides={one.pk})] == [one.pk]
    chief = make_staff(email="c@x.example", is_superuser=True)
    assert [person.pk for person in readers(["Finance manager"], besides={one.pk})] == [chief.pk]
