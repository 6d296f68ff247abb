"""Both ends of the windows: around midnight, at the ends of months and years, on leap days, across a change of law."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from smartbill.business_days import GENERAL, Calendar
from smartbill.clock_texts import CERTAINTIES, WINDOW_NAMES
from smartbill.legal_rules import CREDIT_NOTE, INVALIDATION, rules_about
from smartbill.providers.el_salvador.sandbox.windows import ANNEX, MONTH, TEXT, last_moment
from smartbill.windows import windows_of

ZONE = ZoneInfo("America/El_Salvador")
SALVADOR = Calendar(country="SV")
TWO_YEARS = "46482"


def windows(kind, stamped, *, calendar=SALVADOR, activity=""):
    at = stamped if isinstance(stamped, datetime) else datetime.combine(stamped, time(12), ZONE)
    return windows_of(kind, at, provider="el_salvador", zone=ZONE, calendar=calendar, activity=activity)


def ends(kind, stamped, about=INVALIDATION, **options):
    window = windows(kind, stamped, **options)[about]
    return window.safe_until.date(), window.last_possible.date()


@pytest.mark.parametrize("kind", ["factura", "export"])
@pytest.mark.parametrize(
    ("stamped", "last"),
    [
        (date(2025, 11, 30), date(2026, 2, 28)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2026, 12, 31), date(2027, 3, 31)),
        (date(2027, 11, 29), date(2028, 2, 29)),
        (date(2027, 11, 30), date(2028, 2, 29)),
        (date(2028, 2, 29), date(2028, 5, 29)),
    ],
)
def test_what_a_consumer_got_has_three_months(kind, stamped, last):
    assert ends(kind, stamped) == (last, last)


@pytest.mark.parametrize(
    ("stamped", "safe", "last"),
    [
        (date(2026, 10, 30), date(2026, 10, 31), date(2026, 10, 31)),
        (date(2026, 11, 1), date(2026, 11, 2), date(2026, 12, 14)),
        (date(2026, 11, 28), date(2026, 11, 29), date(2026, 12, 14)),
        (date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 14)),
        (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 14)),
        (date(2026, 12, 1), date(2026, 12, 2), date(2027, 1, 15)),
        (date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 15)),
        (date(2028, 2, 28), date(2028, 2, 29), date(2028, 3, 14)),
    ],
)
def test_a_tax_credit_document_before_and_after_the_change_of_law(stamped, safe, last):
    assert ends("ccf", stamped) == (safe, last)


@pytest.mark.parametrize(
    ("stamped_at", "safe", "last"),
    [
        (datetime(2026, 12, 1, 5, 59, 59, tzinfo=UTC), date(2026, 12, 1), date(2026, 12, 14)),
        (datetime(2026, 12, 1, 6, 0, 0, tzinfo=UTC), date(2026, 12, 2), date(2027, 1, 15)),
        (datetime(2027, 1, 1, 5, 59, 59, tzinfo=UTC), date(2027, 1, 1), date(2027, 1, 15)),
        (datetime(2027, 1, 1, 6, 0, 0, tzinfo=UTC), date(2027, 1, 2), date(2027, 2, 12)),
    ],
)
def test_the_day_is_that_of_the_issuer(stamped_at, safe, last):
    assert ends("ccf", stamped_at) == (safe, last)


def test_each_end_is_the_last_second_of_its_day_and_names_its_rule():
    window = windows("ccf", date(2026, 12, 1))[INVALIDATION]
    assert window.safe_until == datetime(2026, 12, 3, 5, 59, 59, tzinfo=UTC)
    assert window.last_possible == datetime(2027, 1, 16, 5, 59, 59, tzinfo=UTC)
    assert (window.safe_rule.key, window.last_rule.key) == ("annex-1d", "month-2.0")
    second = timedelta(seconds=1)
    at = [window.safe_until, window.safe_until + second, window.last_possible, window.last_possible + second]
    assert [window.is_safe(moment) for moment in at] == [True, False, False, False]
    assert [window.is_possible(moment) for moment in at] == [True, True, True, False]
    assert [window.tone(moment) for moment in at] == ["good", "warn", "warn", "off"]


def test_an_issuer_of_certain_activities_may_have_two_years():
    assert ends("factura", date(2027, 2, 28), activity=TWO_YEARS) == (date(2027, 5, 28), date(2029, 2, 28))
    assert ends("factura", date(2028, 2, 29), activity=TWO_YEARS) == (date(2028, 5, 29), date(2030, 2, 28))
    assert ends("factura", date(2027, 2, 28), activity="62010") == (date(2027, 5, 28), date(2027, 5, 28))


def test_a_credit_note_is_for_a_tax_credit_document_alone():
    assert ends("ccf", date(2026, 12, 1), CREDIT_NOTE) == (date(2027, 3, 1), date(2027, 3, 1))
    assert CREDIT_NOTE not in windows("factura", date(2026, 12, 1))
    assert list(windows("credit_note", date(2026, 12, 1))) == [INVALIDATION]


def test_a_holiday_that_is_entered_moves_the_end():
    decree = Calendar(country="SV", entered={date(2027, 1, 6): GENERAL})
    assert ends("ccf", date(2026, 12, 1), calendar=decree) == (date(2026, 12, 2), date(2027, 1, 18))


def test_a_kind_that_no_rule_names_has_no_window():
    assert windows("unknown", date(2026, 12, 1)) == {}


@pytest.mark.parametrize("kind", ["factura", "ccf", "export", "credit_note"])
def test_no_day_of_ten_years_has_a_safe_end_after_its_last_one_or_before_its_stamp(kind):
    for number in range(3_660):
        stamped = date(2025, 10, 9) + timedelta(days=number)
        for window in windows(kind, stamped).values():
            assert stamped <= window.safe_until.date() <= window.last_possible.date()


def test_every_rule_has_words_for_what_it_is_about_and_how_sure_it_is():
    for about in (INVALIDATION, CREDIT_NOTE):
        assert about in WINDOW_NAMES
        for rule in rules_about(about, "el_salvador"):
            assert rule.certainty in CERTAINTIES
            assert rule.source
            assert rule.kinds


@pytest.mark.parametrize("obeyed", [MONTH, TEXT, ANNEX])
@pytest.mark.parametrize(("kind", "dte_type"), [("factura", "01"), ("ccf", "03"), ("export", "11")])
def test_the_stand_in_allows_what_is_safe_and_refuses_what_is_over_whatever_text_it_obeys(kind, dte_type, obeyed):
    for number in range(0, 800, 3):
        at = datetime.combine(date(2026, 6, 1) + timedelta(days=number), time(23, 59, 59), ZONE)
        window = windows(kind, at)[INVALIDATION]
        safe, over = window.safe_until, window.last_possible + timedelta(seconds=1)
        assert safe <= last_moment(dte_type, at, safe, obeyed=obeyed)
        assert over > last_moment(dte_type, at, over, obeyed=obeyed)
