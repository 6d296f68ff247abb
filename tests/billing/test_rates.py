"""Which stored rate counts: the day by the issuer's rule, how old it may be, and in which time zone."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.models import ExchangeRate
from billing.rates import RATE_MISSING, Quote, day_for, quote_for
from tests.billing import shapes
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db


def stored(on, rate="1.1", **changes):
    values = {"currency": "EUR", "into": "USD", "on": on, "rate": Decimal(rate), "source": "BCE"}
    return ExchangeRate.objects.create(**values | changes)


def sale(paid_at, currency="eur", **changes):
    invoice = shapes.invoice([shapes.included(100)], currency=currency, **changes)
    invoice["status_transitions"] = {"paid_at": int(paid_at.timestamp())}
    return shapes.of_invoice(invoice)


NOON = datetime(2026, 11, 18, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "day", "counts"),
    [
        ("payment", date(2026, 11, 18), date(2026, 11, 18)),
        ("day_before", date(2026, 12, 1), date(2026, 11, 30)),
        ("day_before", date(2028, 3, 1), date(2028, 2, 29)),
        ("month", date(2026, 12, 31), date(2026, 12, 1)),
    ],
)
def test_the_rule_names_the_day(rule, day, counts):
    assert day_for(rule, day) == counts


def test_the_rate_of_the_day_is_taken_with_its_source():
    stored(date(2026, 11, 17), "1.07")
    stored(date(2026, 11, 18), "1.0837")
    stored(date(2026, 11, 19), "1.09")
    found = quote_for(sale(NOON), issuer=IssuerFactory(rate_day="payment"))
    assert found == Quote(currency="EUR", into="USD", rate=Decimal("1.0837"), on=date(2026, 11, 18), source="BCE")


@pytest.mark.parametrize(
    ("paid_at", "rate"),
    [(datetime(2026, 11, 18, 5, 59, 59, tzinfo=UTC), "1.07"), (datetime(2026, 11, 18, 6, 0, tzinfo=UTC), "1.08")],
)
def test_the_day_of_payment_is_that_of_the_issuer(paid_at, rate):
    stored(date(2026, 11, 17), "1.07")
    stored(date(2026, 11, 18), "1.08")
    assert quote_for(sale(paid_at), issuer=IssuerFactory(rate_day="payment")).rate == Decimal(rate)


@pytest.mark.parametrize(("day", "is_taken"), [(14, True), (13, False)])
def test_a_rate_may_be_so_old_and_no_older(day, is_taken):
    stored(date(2026, 11, day))
    found = quote_for(sale(NOON), issuer=IssuerFactory(rate_day="payment", rate_days_old=4))
    assert isinstance(found, Quote) is is_taken
    if not is_taken:
        assert found.code == RATE_MISSING
        assert "2026-11-18" in str(found.message)


def test_a_replaced_rate_and_one_of_another_pair_do_not_count():
    stored(date(2026, 11, 18), replaced_at=NOON)
    stored(date(2026, 11, 18), currency="GBP")
    stored(date(2026, 11, 18), into="RON")
    assert quote_for(sale(NOON), issuer=IssuerFactory(rate_day="payment")).code == RATE_MISSING


def test_an_issuer_without_a_rule_holds_the_sale_whatever_is_stored():
    stored(date(2026, 11, 18))
    assert quote_for(sale(NOON), issuer=IssuerFactory()).code == "other_currency"


def test_nothing_is_asked_for_the_issuers_own_currency_or_an_unpaid_sale(django_assert_num_queries):
    issuer = IssuerFactory(rate_day="payment")
    with django_assert_num_queries(0):
        assert quote_for(sale(NOON, currency="usd"), issuer=issuer) is None
        assert quote_for(sale(NOON, status="open"), issuer=issuer) is None
        assert quote_for({}, issuer=issuer) is None
