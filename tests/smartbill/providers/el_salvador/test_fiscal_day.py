"""The day that counts in law is the one on the wall in San Salvador, six hours behind UTC all year."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from smartbill.providers.el_salvador.validation import fiscal_day
from tests.smartbill.providers.el_salvador.builders import line, sale


@pytest.mark.parametrize(
    ("paid_at", "day"),
    [
        (datetime(2026, 11, 21, 5, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 21, 6, 0, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2027, 1, 1, 5, 59, 59, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2028, 3, 1, 0, 0, 0, tzinfo=UTC), date(2028, 2, 29)),
    ],
)
def test_the_day_of_a_sale_is_that_of_el_salvador(paid_at: datetime, day: date) -> None:
    assert fiscal_day(replace(sale(line("113.00")), occurred_at=paid_at)) == day
