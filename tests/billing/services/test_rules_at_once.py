"""Clicks and workers at the same moment: one answer counts, and a bound of the day is not slipped under."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils.timezone import now

from billing.errors import BillingError
from billing.models import Approval, Sale, SimulatedSale
from billing.services.answer_approval import grant_approval, refuse_approval
from billing.services.simulate_rule import begin_simulation, run_due_simulations
from billing.stripe_purchases import headline
from tests.billing.services.test_register_sale_at_once import at_once
from tests.factories.people import make_staff
from tests.factories.rules import make_approval, make_rule, make_sale, screen
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_many_clicks_answer_once() -> None:
    approval = make_approval(IssuerFactory.create())
    pages = [
        (answer, Approval.objects.get(pk=approval.pk), make_staff("billing.answer_approval"))
        for answer in (grant_approval, refuse_approval) * 3
    ]

    def press(page: Any) -> bool:
        answer, row, person = page
        try:
            answer(row, actor=person, reason="x")
        except BillingError:
            return False
        return True

    assert at_once(press, pages).count(True) == 1
    approval.refresh_from_db()
    assert approval.state in ("granted", "refused")
    assert approval.events.count() == 2


def test_sales_of_one_moment_do_not_slip_under_the_bound_of_a_day() -> None:
    issuer = IssuerFactory.create()
    make_rule(issuer, {"fact": "sales_of_day", "operator": "above", "value": ["2"]})
    sales = [make_sale(issuer, attempts=1) for _number in range(6)]

    def decide(pk: int) -> bool:
        with transaction.atomic():
            sale = Sale.objects.select_for_update(no_key=True).get(pk=pk)
            screened = screen(sale)
            columns = headline(sale.snapshot.content) | {"worth": screened.draft.total, "customer_id": "cus_1"}
            Sale.objects.filter(pk=pk).update(**columns)
        return bool(screened.problems)

    assert at_once(decide, [sale.pk for sale in sales]).count(True) == 4
    assert Approval.objects.open().count() == 4


def test_many_workers_look_at_each_sale_of_a_simulation_once() -> None:
    issuer = IssuerFactory.create()
    rule = make_rule(issuer, state="draft", simulated_version=None)
    for _number in range(3):
        sale = make_sale(issuer)
        Sale.objects.filter(pk=sale.pk).update(paid_at=now() - timedelta(days=1))
    simulation = begin_simulation(rule, actor=make_staff("billing.change_rule"))
    at_once(lambda _n: run_due_simulations(), range(4))
    run_due_simulations()
    simulation.refresh_from_db()
    assert (simulation.state, simulation.looked_at, SimulatedSale.objects.count()) == ("done", 3, 3)
