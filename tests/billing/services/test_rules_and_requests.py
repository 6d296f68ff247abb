"""Rules beside the question that a customer is asked: who is reminded of what, and what a deadline may do."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from billing.models import Approval, Rule, TaxRequest
from billing.services.ask_for_tax_data import advance_request
from billing.services.save_profile import save_profile
from smartbill.models import Document
from tests.billing.services.test_rules_in_decisions import look_again, waiting
from tests.factories.held import COMPLETE, held_sale
from tests.factories.people import make_staff
from tests.factories.rules import make_rule

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("state", "becomes"), [("on", "held"), ("off", "ready")])
def test_a_deadline_is_no_approval(state: str, becomes: str) -> None:
    sale = waiting()
    Rule.objects.update(state=state)
    sale.endpoint.issuer.late_buyer = "consumer"
    sale.endpoint.issuer.save()
    look_again(sale)
    TaxRequest.objects.update(created_at=now() - timedelta(days=2), next_at=now(), ends_at=now())
    advance_request(request_id=TaxRequest.objects.get().pk)
    assert Document.objects.get().status == becomes


def test_a_customer_is_not_reminded_of_what_only_people_here_can_answer() -> None:
    sale = waiting()
    look_again(sale)
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE, source="staff")
    document = look_again(sale)
    assert document.status == "held"
    assert Approval.objects.open().count() == 1
    assert TaxRequest.objects.get().state == TaxRequest.State.SETTLED


def test_what_a_person_asked_for_stays_asked() -> None:
    sale = waiting()
    look_again(sale)
    TaxRequest.objects.update(actor=make_staff())
    save_profile(customer_id="cus_1", livemode=False, values=COMPLETE, source="staff")
    look_again(sale)
    assert TaxRequest.objects.get().state == TaxRequest.State.OPEN


def test_an_issue_at_the_deadline_ends_the_approval() -> None:
    sale = held_sale()
    make_rule(sale.endpoint.issuer, {"fact": "kind", "operator": "one_of", "value": ["ccf"]})
    sale.endpoint.issuer.late_buyer = "consumer"
    sale.endpoint.issuer.save()
    look_again(sale)
    assert Approval.objects.get().state == "open"
    TaxRequest.objects.update(created_at=now() - timedelta(days=2), next_at=now(), ends_at=now())
    advance_request(request_id=TaxRequest.objects.get().pk)
    assert (Document.objects.get().status, Approval.objects.get().state) == ("ready", "lapsed")
