from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Sale
from billing.rule_facts import Past
from billing.services.customer_past import lock_past, past_of
from smartbill.models import Issuer
from tests.factories.billing import SaleFactory, StripeEndpointFactory
from tests.factories.reversals import make_reversal
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
# 23:30 of the day before in El Salvador.
PAID_AT = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)


@pytest.fixture
def issuer() -> Issuer:
    return IssuerFactory.create()


def bought(issuer: Issuer, *, hours: int, worth: str | None = "10", outcome: str = "held", **columns: Any) -> Sale:
    endpoint = columns.pop("endpoint", None) or StripeEndpointFactory.create(issuer=issuer)
    return SaleFactory.create(
        endpoint=endpoint,
        paid_at=PAID_AT + timedelta(hours=hours),
        worth=worth,
        outcome=outcome,
        reasons=[{"message": "x"}],
        next_at=None,
        **{"customer_id": "cus_1", **columns},
    )


def past(issuer: Issuer, besides: int = 0, as_of: datetime | None = None) -> Past | None:
    return past_of("cus_1", issuer=issuer, paid_at=PAID_AT, besides=besides, as_of=as_of)


def test_the_day_is_that_of_the_issuer(issuer: Issuer) -> None:
    bought(issuer, hours=-1)
    bought(issuer, hours=1)
    bought(issuer, hours=-24)
    found = past(issuer)
    assert found == Past(sales=2, amount=Decimal(20), reversals=0, sales_of_day=1, amount_of_day=Decimal(10))


def test_only_sales_of_this_customer_and_issuer_count(issuer: Issuer) -> None:
    bought(issuer, hours=-1, customer_id="cus_2")
    bought(issuer, hours=-1, outcome="not_applicable")
    bought(IssuerFactory.create(), hours=-1)
    own = bought(issuer, hours=0)
    found = past(issuer, besides=own.pk)
    assert found == Past(sales=0, amount=Decimal(0), reversals=0, sales_of_day=0, amount_of_day=Decimal(0))


def test_one_sale_whose_worth_is_unknown_makes_the_sum_unknown(issuer: Issuer) -> None:
    bought(issuer, hours=-1)
    bought(issuer, hours=-48, worth=None)
    found = past(issuer)
    assert found is not None
    assert (found.sales, found.amount, found.amount_of_day) == (2, None, Decimal(10))


def test_what_was_paid_later_is_left_out_of_how_it_was_then(issuer: Issuer) -> None:
    bought(issuer, hours=-2)
    Sale.objects.update(paid_at=PAID_AT + timedelta(minutes=10))
    before, then = past(issuer), past(issuer, as_of=PAID_AT)
    assert before is not None
    assert then is not None
    assert (before.sales_of_day, then.sales_of_day) == (1, 0)


def test_refunds_and_lost_disputes_before_count_and_those_taken_back_do_not(issuer: Issuer) -> None:
    sale = bought(issuer, hours=-72)
    before = PAID_AT - timedelta(hours=1)
    make_reversal(sale=sale, occurred_at=before)
    make_reversal(sale=sale, source="dispute", occurred_at=before)
    make_reversal(sale=sale, source="dispute", standing="undone", occurred_at=before)
    make_reversal(sale=sale, occurred_at=PAID_AT)
    found = past(issuer)
    assert found is not None
    assert found.reversals == 2


def test_a_guest_has_no_past(issuer: Issuer, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert past_of("", issuer=issuer, paid_at=PAID_AT, besides=0) is None
        lock_past("", issuer=issuer)


@pytest.mark.parametrize("number", [1, 40])
def test_the_past_is_two_queries_however_long_it_is(
    issuer: Issuer, number: int, django_assert_num_queries: Any
) -> None:
    endpoint = StripeEndpointFactory.create(issuer=issuer)
    for _each in range(number):
        bought(issuer, hours=-1, endpoint=endpoint)
    with django_assert_num_queries(2):
        found = past(issuer)
    assert found is not None
    assert found.sales == number
