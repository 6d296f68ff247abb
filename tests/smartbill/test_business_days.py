"""Business days by both lists, against the examples that the authority prints."""

from datetime import date

import pytest

from smartbill.business_days import GENERAL, OFFICES, WORKING, Calendar, add_months, easter_sunday, usual_holidays

SALVADOR = Calendar(country="SV")


@pytest.mark.parametrize(
    ("first", "offices", "tenth"),
    [
        # Manual Funcional V2.0 p. 11: sealed 2026-03-19, the tenth business day of April is the 20th.
        (date(2026, 4, 1), True, date(2026, 4, 20)),
        (date(2026, 4, 1), False, date(2026, 4, 16)),
        (date(2026, 5, 1), True, date(2026, 5, 15)),
        (date(2026, 5, 1), False, date(2026, 5, 15)),
        (date(2026, 12, 11), True, date(2027, 1, 4)),
        (date(2026, 12, 11), False, date(2026, 12, 24)),
        (date(2027, 8, 1), True, date(2027, 8, 20)),
        (date(2027, 8, 1), False, date(2027, 8, 16)),
    ],
)
def test_the_tenth_business_day(first, offices, tenth):
    assert SALVADOR.business_day(first, 10, offices=offices) == tenth


def test_a_day_that_staff_entered_stands_in_the_place_of_the_usual_one():
    decree, working = date(2026, 4, 9), date(2026, 5, 1)
    entered = Calendar(country="SV", entered={decree: GENERAL, working: WORKING})
    assert entered.business_day(date(2026, 4, 1), 10, offices=True) == date(2026, 4, 21)
    assert entered.business_day(date(2026, 5, 1), 10, offices=True) == date(2026, 5, 14)


def test_a_day_off_for_offices_counts_by_the_long_list_only():
    entered = Calendar(country="SV", entered={date(2026, 7, 8): OFFICES})
    assert entered.is_business_day(date(2026, 7, 8), offices=False)
    assert not entered.is_business_day(date(2026, 7, 8), offices=True)


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2038, date(2038, 4, 25))],
)
def test_easter(year, sunday):
    assert easter_sunday(year) == sunday
    assert usual_holidays("SV", year)[sunday] == OFFICES


def test_a_country_that_we_do_not_know_has_weekends_and_what_was_entered():
    assert usual_holidays("RO", 2026) == {}
    assert Calendar(country="RO").is_business_day(date(2026, 5, 1), offices=True)


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 10, 15), 3, date(2027, 1, 15)),
        (date(2028, 2, 29), 24, date(2030, 2, 28)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_one(day, months, then):
    assert add_months(day, months) == then
