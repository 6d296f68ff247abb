from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from smartbill.providers.el_salvador.sandbox.windows import (
    ANNEX,
    MONTH,
    TEXT,
    add_months,
    business_day,
    is_holiday,
    last_moment,
)

SALVADOR = ZoneInfo("America/El_Salvador")


def end_of(year, month, day):
    return datetime(year, month, day, 23, 59, 59, tzinfo=SALVADOR)


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        (date(2026, 11, 21), 3, date(2027, 2, 21)),
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2026, 1, 31), 24, date(2028, 1, 31)),
        (date(2026, 12, 1), 1, date(2027, 1, 1)),
    ],
)
def test_months_keep_the_day_or_take_the_last(day, months, result):
    assert add_months(day, months) == result


def test_business_days_as_in_the_manual():
    assert business_day(date(2026, 4, 1), 10) == date(2026, 4, 20)
    assert business_day(date(2026, 5, 1), 10) == date(2026, 5, 15)


def test_holy_week_august_and_christmas_are_no_business_days():
    assert [day for day in range(28, 32) if is_holiday(date(2026, 3, day))] == [30, 31]
    assert [day for day in range(1, 9) if is_holiday(date(2026, 4, day))] == [1, 2, 3, 4, 5, 6]
    assert [day for day in range(1, 9) if is_holiday(date(2026, 8, day))] == [1, 2, 3, 4, 5, 6]
    assert business_day(date(2026, 12, 24), 1) == date(2027, 1, 4)


@pytest.mark.parametrize("document_type", ["01", "11"])
def test_a_factura_or_export_has_three_months(document_type):
    sealed = datetime(2026, 11, 21, 12, tzinfo=SALVADOR)
    assert last_moment(document_type, sealed, sealed) == end_of(2027, 2, 21)


def test_the_day_of_the_seal_is_that_of_el_salvador():
    sealed = datetime(2026, 11, 22, 3, tzinfo=UTC)
    assert last_moment("01", sealed, sealed) == end_of(2027, 2, 21)


def test_some_activities_have_two_years_from_december_2026():
    sealed = datetime(2026, 11, 21, 12, tzinfo=SALVADOR)
    december = datetime(2026, 12, 1, 0, 0, 1, tzinfo=SALVADOR)
    assert last_moment("01", sealed, sealed, activity="21001") == end_of(2027, 2, 21)
    assert last_moment("01", sealed, december, activity="21001") == end_of(2028, 11, 21)
    assert last_moment("03", sealed, december, activity="21001", obeyed=MONTH) == end_of(2026, 12, 14)


@pytest.mark.parametrize("document_type", ["03", "05"])
def test_a_ccf_has_until_the_next_day_in_november_2026(document_type):
    sealed = datetime(2026, 11, 21, 12, tzinfo=SALVADOR)
    assert last_moment(document_type, sealed, sealed) == end_of(2026, 11, 22)


@pytest.mark.parametrize(("obeyed", "last"), [(MONTH, (2027, 1, 15)), (TEXT, (2026, 12, 18)), (ANNEX, (2026, 12, 5))])
def test_from_december_the_rule_that_is_obeyed_decides(obeyed, last):
    sealed = datetime(2026, 12, 4, 12, tzinfo=SALVADOR)
    assert last_moment("03", sealed, sealed, obeyed=obeyed) == end_of(*last)
