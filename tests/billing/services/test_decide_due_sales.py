from datetime import timedelta
from itertools import count

import pytest
from django.utils.timezone import now

from billing import time_limit
from billing.models import Sale
from billing.services import decide_due_sales as module
from billing.services.decide_due_sales import decide_due_sales
from tests.factories.billing import SaleAliasFactory, SaleFactory

pytestmark = pytest.mark.django_db


def test_due_sales_are_decided_and_others_left(stripe_sandbox):
    due = SaleAliasFactory(stripe_id="in_gone").sale
    later = SaleFactory(next_at=now() + timedelta(hours=1))
    assert decide_due_sales() == 1
    due.refresh_from_db()
    later.refresh_from_db()
    assert due.outcome == Sale.Outcome.HELD
    assert [reason["code"] for reason in due.reasons] == ["gone"]
    assert (later.outcome, later.attempts) == (Sale.Outcome.PENDING, 0)


def test_a_sale_that_fails_does_not_stop_the_next_and_is_tried_once(monkeypatch, caplog):
    first, second = SaleFactory(), SaleFactory()
    tried = []

    def fail(*, sale_id):
        tried.append(sale_id)
        raise ValueError("pagos@nandu.example")

    monkeypatch.setattr(module, "decide_sale", fail)
    assert decide_due_sales() == 2
    assert tried == [first.pk, second.pk]
    assert "ValueError" in caplog.text
    assert "nandu" not in caplog.text


def test_one_sale_cannot_use_up_the_time_of_its_task(stripe_sandbox, monkeypatch):
    clock = count(step=1000)
    monkeypatch.setattr(time_limit, "monotonic", lambda: next(clock))
    sale = SaleAliasFactory(stripe_id="in_gone").sale
    stripe_sandbox.world.calls.clear()
    assert decide_due_sales() == 1
    sale.refresh_from_db()
    assert (sale.outcome, sale.attempts) == (Sale.Outcome.PENDING, 1)
    assert sale.last_error == "Asking Stripe took too long; it is tried again later."
    assert stripe_sandbox.world.calls.found() == []


def test_when_the_budget_is_used_up_the_rest_waits(monkeypatch, settings):
    settings.DRAIN = {**settings.DRAIN, "budget": 25}
    for _ in range(3):
        SaleFactory()
    tried = []
    monkeypatch.setattr(module, "decide_sale", lambda *, sale_id: tried.append(sale_id))
    clock = iter([0, 1, 24, 25, 26, 27])
    monkeypatch.setattr(module, "monotonic", lambda: next(clock))
    assert decide_due_sales() == 1
    assert len(tried) == 1
