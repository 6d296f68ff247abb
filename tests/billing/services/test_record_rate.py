"""Rates are stored once, replaced openly with a reason, and let waiting sales go on."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from billing.errors import RateRefused
from billing.models import ExchangeRate, Sale
from billing.services.import_rates import import_rates, judge_rates
from billing.services.record_rate import NewRate, record_rate
from tests.factories.billing import SaleFactory
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 18)
HEAD = "currency,into,day,rate,source\n"


@pytest.fixture
def manager():
    return make_staff("billing.add_exchangerate")


def new(rate="1.0837", **changes):
    values = {"currency": "EUR", "into": "USD", "on": DAY, "rate": Decimal(rate), "source": "BCE"}
    return NewRate(**values | changes)


def test_a_rate_is_stored_with_who_entered_it(manager):
    stored = record_rate(new(), actor=manager)
    assert (stored.rate, stored.source, stored.recorded_by, stored.replaced_at) == (
        Decimal("1.0837"),
        "BCE",
        manager,
        None,
    )


def test_the_same_rate_again_changes_nothing(manager):
    assert record_rate(new(), actor=manager).pk == record_rate(new(), actor=manager).pk
    assert ExchangeRate.objects.count() == 1


def test_another_rate_for_the_day_needs_a_reason_and_leaves_the_first_to_be_seen(manager):
    first = record_rate(new(), actor=manager)
    with pytest.raises(RateRefused, match="Say why"):
        record_rate(new("1.09"), actor=manager)
    assert ExchangeRate.objects.get().replaced_at is None
    second = record_rate(new("1.09"), actor=manager, reason="Mistyped")
    first.refresh_from_db()
    assert first.replaced_at is not None
    assert (first.rate, second.rate, second.reason) == (Decimal("1.0837"), Decimal("1.09"), "Mistyped")


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "EURO"},
        {"currency": "USD"},
        {"currency": "UGX"},
        {"rate": Decimal(0)},
        {"rate": Decimal("-1")},
        {"rate": Decimal("NaN")},
        {"rate": Decimal("1.0000000000001")},
        {"source": " "},
        {"on": now().date() + timedelta(days=1)},
    ],
)
def test_what_cannot_be_a_rate_is_refused(manager, changes):
    with pytest.raises(RateRefused):
        record_rate(new(**changes), actor=manager)
    assert ExchangeRate.objects.count() == 0


@pytest.mark.parametrize("actor", [None, "nobody"])
def test_only_a_person_with_the_right_enters_rates(actor):
    with pytest.raises(PermissionDenied):
        record_rate(new(), actor=make_staff() if actor else None)
    assert ExchangeRate.objects.count() == 0


def test_sales_that_waited_for_the_rate_go_on_and_no_others(manager):
    why = [{"field": "currency", "code": "rate_missing", "message": "x"}]
    other = [{"field": "total", "code": "negative_total", "message": "x"}]
    held = {"outcome": "held", "next_at": None}
    waiting = SaleFactory(currency="EUR", reasons=why, **held)
    kept = [SaleFactory(currency="EUR", reasons=other, **held), SaleFactory(currency="GBP", reasons=why, **held)]
    record_rate(new(), actor=manager)
    waiting.refresh_from_db()
    assert (waiting.outcome, waiting.reasons) == ("pending", [])
    assert Sale.objects.filter(outcome="held").count() == len(kept)


def test_the_database_keeps_one_rate_in_force_per_day_and_no_rate_of_zero():
    values = {"currency": "EUR", "into": "USD", "on": DAY, "source": "x"}
    ExchangeRate.objects.create(rate=1, **values)
    for rate in (1, 0):
        with pytest.raises(IntegrityError), transaction.atomic():
            ExchangeRate.objects.create(rate=rate, **values)


def test_a_file_is_judged_line_by_line(manager):
    record_rate(new(), actor=manager)
    text = HEAD + (
        "eur,usd,2026-11-17,1.07,BCE\nEUR,USD,2026-11-18,1.0837,BCE\nEUR,USD,2026-11-17,1.08,BCE\n"
        'EUR,USD,17/11/2026,1.07,BCE\nEUR,USD,2026-11-16,"1,07",BCE\nEUR,USD,2026-11-15\n'
    )
    assert [(line.number, line.verdict) for line in judge_rates(text)] == [
        (2, "new"),
        (3, "same"),
        (4, "wrong"),
        (5, "wrong"),
        (6, "wrong"),
        (7, "wrong"),
    ]
    with pytest.raises(RateRefused):
        import_rates(text, actor=manager)
    assert ExchangeRate.objects.count() == 1


def test_a_file_is_stored_whole_or_not_at_all(manager):
    record_rate(new(), actor=manager)
    text = HEAD + "EUR,USD,2026-11-17,1.07,BCE\nEUR,USD,2026-11-18,1.09,BCE\n"
    with pytest.raises(RateRefused, match="Say why"):
        import_rates(text, actor=manager)
    assert ExchangeRate.objects.count() == 1
    judged = import_rates(text, actor=manager, reason="Corrected by the bank")
    assert [line.verdict for line in judged] == ["new", "replaces"]
    assert ExchangeRate.objects.in_force().count() == 2
    assert ExchangeRate.objects.count() == 3


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEAD])
def test_what_is_no_file_of_rates_is_refused(manager, text):
    with pytest.raises(RateRefused):
        import_rates(text, actor=manager)


def test_a_file_is_not_read_for_somebody_without_the_right():
    with pytest.raises(PermissionDenied):
        import_rates(HEAD, actor=make_staff())
