from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from smartbill.correction_windows import add_months, rules, safe_until

ZONE = ZoneInfo("America/El_Salvador")


def ends(act, kind, sealed_at, at=None):
    moment = safe_until(act, provider="el_salvador", kind=kind, sealed_at=sealed_at, zone=ZONE, at=at or sealed_at)
    return moment.isoformat() if moment else None


@pytest.mark.parametrize(
    ("act", "kind", "end"),
    [
        ("invalidate", "factura", "2027-02-21T23:59:59.999999-06:00"),
        ("invalidate", "export", "2027-02-21T23:59:59.999999-06:00"),
        ("invalidate", "ccf", "2026-11-22T23:59:59.999999-06:00"),
        ("invalidate", "credit_note", "2026-11-22T23:59:59.999999-06:00"),
        ("credit", "ccf", "2027-02-21T23:59:59.999999-06:00"),
        ("credit", "factura", None),
        ("debit", "ccf", None),
    ],
)
def test_each_kind_has_its_window(act, kind, end):
    assert ends(act, kind, datetime(2026, 11, 21, 18, tzinfo=UTC)) == end


def test_the_day_is_that_of_the_fiscal_zone():
    before, after = datetime(2026, 11, 21, 5, 59, 59, tzinfo=UTC), datetime(2026, 11, 21, 6, tzinfo=UTC)
    assert ends("invalidate", "ccf", before).startswith("2026-11-21T23:59:59")
    assert ends("invalidate", "ccf", after).startswith("2026-11-22T23:59:59")


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2025, 11, 30), date(2026, 2, 28)),
        (date(2027, 11, 29), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 3, 31)),
        (date(2026, 3, 19), date(2026, 6, 19)),
    ],
)
def test_three_months_end_with_the_last_day_of_a_shorter_month(day, later):
    assert add_months(day, 3) == later


def test_no_rule_is_in_force_before_the_first_one():
    early = datetime(2025, 10, 8, 18, tzinfo=UTC)
    assert ends("invalidate", "factura", early) is None


def test_every_rule_names_its_source():
    assert len(rules("el_salvador")) == 4
    assert all(rule.source and rule.days + rule.months for rule in rules("el_salvador"))
    assert rules("elsewhere") == ()
