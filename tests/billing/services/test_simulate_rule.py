from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from billing.errors import RuleRefused
from billing.models import Approval, Rule, RuleSimulation, Sale, SimulatedSale
from billing.services import simulate_rule
from billing.services.simulate_rule import begin_simulation, run_due_simulations, step
from billing.tasks import drain_simulations
from smartbill.models import Document
from tests.factories.people import make_staff
from tests.factories.reversals import make_reversal
from tests.factories.rules import make_rule, make_sale
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule() -> Rule:
    return make_rule(IssuerFactory.create(), state="draft", simulated_version=None)


def paid(rule: Rule, *, days: int = 5, **columns: Any) -> Sale:
    held = {"outcome": "held", "reasons": [{"field": "x", "code": "x", "message": "x"}], "next_at": None}
    return make_sale(rule.issuer, paid_at=now() - timedelta(days=days), **{**held, **columns})


def begun(rule: Rule) -> RuleSimulation:
    return begin_simulation(rule, actor=make_staff("billing.change_rule"))


def test_every_sale_of_the_period_is_looked_at_and_nothing_is_changed(rule: Rule) -> None:
    large, _small, old = paid(rule), paid(rule, amount=5000), paid(rule, days=91)
    before = list(Sale.objects.order_by("pk").values())
    simulation = begun(rule)
    assert run_due_simulations() == 2
    simulation.refresh_from_db()
    assert (simulation.state, simulation.looked_at, simulation.total) == ("done", 2, 2)
    hit = SimulatedSale.objects.get()
    assert (hit.sale, hit.verdict, hit.amount, hit.outcome, hit.went_back) == (large, "applies", 113, "held", False)
    assert hit.findings[0]["answer"] == "met"
    assert list(Sale.objects.order_by("pk").values()) == before
    assert (Document.objects.count(), Approval.objects.count()) == (0, 0)
    assert old.pk not in SimulatedSale.objects.values_list("sale", flat=True)


def test_the_rule_may_be_switched_on_afterwards(rule: Rule) -> None:
    begun(rule)
    run_due_simulations()
    rule.refresh_from_db()
    assert (rule.state, rule.simulated_version) == ("simulated", 1)
    assert rule.changes.last().after == {"state": "simulated"}


def test_a_rule_that_was_changed_meanwhile_is_still_to_be_tried(rule: Rule) -> None:
    paid(rule)
    begun(rule)
    Rule.objects.update(version=2)
    run_due_simulations()
    rule.refresh_from_db()
    assert (rule.state, rule.simulated_version) == ("draft", None)


def test_money_that_went_back_later_stands_beside_it(rule: Rule) -> None:
    sale = paid(rule)
    make_reversal(sale=sale)
    begun(rule)
    run_due_simulations()
    assert SimulatedSale.objects.get().went_back


def test_a_sale_without_a_draft_is_counted_and_not_judged(rule: Rule) -> None:
    sale = paid(rule)
    sale.snapshot.content["invoice"]["currency"] = "eur"
    sale.snapshot.save()
    simulation = begun(rule)
    run_due_simulations()
    simulation.refresh_from_db()
    assert (simulation.looked_at, simulation.without_draft) == (1, 1)
    assert SimulatedSale.objects.count() == 0


def test_a_worker_that_dies_leaves_its_place_and_another_goes_on(rule: Rule, monkeypatch: Any) -> None:
    monkeypatch.setattr(simulate_rule, "BATCH", 1)
    sales = [paid(rule) for _number in range(3)]
    simulation = begun(rule)
    assert step(simulation) == 1
    assert simulation.cursor == sales[0].pk
    stale = RuleSimulation.objects.get()
    assert run_due_simulations() == 2
    step(stale)
    simulation.refresh_from_db()
    assert (simulation.looked_at, SimulatedSale.objects.count()) == (3, 3)


def test_what_another_worker_has_is_left_alone(rule: Rule) -> None:
    paid(rule)
    begun(rule)
    RuleSimulation.objects.update(next_at=now() + timedelta(minutes=2))
    assert not drain_simulations.due(now())
    assert run_due_simulations() == 0


def test_a_sale_that_cannot_be_read_stops_neither_the_others_nor_the_trial(
    rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = paid(rule), paid(rule)
    look = simulate_rule._look

    def looked(sale: Sale, text: Any) -> Any:
        return 1 / 0 if sale.pk == bad.pk else look(sale, text)

    monkeypatch.setattr(simulate_rule, "_look", looked)
    simulation = begun(rule)
    run_due_simulations()
    simulation.refresh_from_db()
    assert (simulation.state, simulation.looked_at, simulation.without_draft) == ("done", 2, 1)
    assert list(SimulatedSale.objects.values_list("sale", flat=True)) == [good.pk]


def test_a_trial_that_fails_waits_and_stops_no_other(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    paid(rule)
    bad, good = begun(rule), begun(make_rule(rule.issuer, state="draft", simulated_version=None))
    next_step = simulate_rule.step

    def stepped(simulation: RuleSimulation) -> int:
        return 1 // 0 if simulation.pk == bad.pk else next_step(simulation)

    monkeypatch.setattr(simulate_rule, "step", stepped)
    run_due_simulations()
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("running", "done")
    assert bad.next_at > now() + timedelta(minutes=10)


def test_the_past_of_a_customer_is_what_it_was_then(rule: Rule) -> None:
    asked = [{"fact": "sales_before", "operator": "at_least", "value": ["1"]}]
    Rule.objects.update(conditions=asked)
    rule.refresh_from_db()
    sales = [paid(rule, worth=Decimal(113)) for _number in range(3)]
    for number, sale in enumerate(sales):
        at = 1_795_300_000 + 86_400 * (number - 3)
        sale.snapshot.content["invoice"]["status_transitions"]["paid_at"] = at
        sale.snapshot.save()
        Sale.objects.filter(pk=sale.pk).update(paid_at=now().fromtimestamp(at, tz=rule.issuer.zone))
    begun(rule)
    run_due_simulations()
    assert list(SimulatedSale.objects.order_by("sale").values_list("sale", flat=True)) == [s.pk for s in sales[1:]]


def test_one_simulation_of_a_rule_runs_at_a_time(rule: Rule) -> None:
    begun(rule)
    with pytest.raises(RuleRefused, match="already"):
        begun(rule)
    assert RuleSimulation.objects.count() == 1


def test_a_result_is_never_rewritten(rule: Rule) -> None:
    paid(rule)
    begun(rule)
    run_due_simulations()
    for change in ({"amount": 1}, {"verdict": "unmet"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SimulatedSale.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSimulation.objects.update(text={})


def test_trying_needs_the_right_to_change(rule: Rule) -> None:
    with pytest.raises(PermissionDenied):
        begin_simulation(rule, actor=make_staff("billing.view_rule"))
    assert RuleSimulation.objects.count() == 0
