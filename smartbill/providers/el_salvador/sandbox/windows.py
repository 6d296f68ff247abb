"""Until when a document may be invalidated: dated rows, because the official texts changed and contradict each other.

All moments are ends of days (23:59:59) in El Salvador. Where several rows are in force for a type, the stand-in obeys
the one it was told to obey, by default the table of the Manual Funcional V2.0 p. 11.
"""

import calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from smartbill.providers.el_salvador.sandbox.clock import FISCAL_ZONE

SHORT = "short-1.2"
MONTH = "month-2.0"
TEXT = "text-2.0"
ANNEX = "annex-1d"
_TWO_YEAR_ACTIVITIES = frozenset({"21001", "21008", "46482", "46484", "46491", "47721"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One row: for which types, in force from when to when, and the last day after a seal."""

    name: str
    types: frozenset[str]
    valid_from: date
    valid_to: date
    last_day: Callable[[date], date]
    activities: frozenset[str] = frozenset()


def add_months(day: date, months: int) -> date:
    """Return the same day number so many months later, or the last of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def business_day(first: date, count: int) -> date:
    """Return the count-th business day, the first day included."""
    day = first
    while True:
        if day.weekday() < 5 and not is_holiday(day):
            count -= 1
            if count == 0:
                return day
        day += timedelta(days=1)


def is_holiday(day: date) -> bool:
    """Tell whether public offices are closed: fixed days, August and Christmas holidays, Holy Week to Easter Monday."""
    fixed = {(5, 1), (5, 10), (6, 17), (9, 15), (11, 2), (1, 1), (1, 2)}
    if (day.month, day.day) in fixed or (day.month == 8 and day.day <= 6) or (day.month == 12 and day.day >= 24):
        return True
    easter = _easter(day.year)
    return easter - timedelta(days=6) <= day <= easter + timedelta(days=1)


def _easter(year: int) -> date:
    """Return Easter Sunday (Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    correction = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - correction - rest % 4) % 7
    shift = (golden + 11 * correction + 22 * weekday) // 451
    month, day = divmod(correction + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _next_day(sealed: date) -> date:
    return sealed + timedelta(days=1)


def _tenth_of_next_month(sealed: date) -> date:
    return business_day(add_months(sealed.replace(day=1), 1), 10)


def _ten_business_days(sealed: date) -> date:
    return business_day(sealed + timedelta(days=1), 10)


def _three_months(sealed: date) -> date:
    return add_months(sealed, 3)


def _two_years(sealed: date) -> date:
    return add_months(sealed, 24)


_LONG_TYPES = frozenset({"01", "11", "14"})
_SHORT_TYPES = frozenset({"03", "05"})
_V2 = date(2026, 12, 1)
_START = date(2025, 10, 9)

WINDOWS: Sequence[Window] = (
    Window(
        name="long-2y",
        types=_LONG_TYPES,
        valid_from=_V2,
        valid_to=date.max,
        last_day=_two_years,
        activities=_TWO_YEAR_ACTIVITIES,
    ),
    Window(name="long", types=_LONG_TYPES, valid_from=_START, valid_to=date.max, last_day=_three_months),
    Window(name=SHORT, types=_SHORT_TYPES, valid_from=_START, valid_to=date(2026, 11, 30), last_day=_next_day),
    Window(name=MONTH, types=_SHORT_TYPES, valid_from=_V2, valid_to=date.max, last_day=_tenth_of_next_month),
    Window(name=TEXT, types=_SHORT_TYPES, valid_from=_V2, valid_to=date.max, last_day=_ten_business_days),
    Window(name=ANNEX, types=_SHORT_TYPES, valid_from=_V2, valid_to=date.max, last_day=_next_day),
)


def last_moment(
    document_type: str, sealed_at: datetime, now: datetime, *, activity: str = "", obeyed: str = MONTH
) -> datetime:
    """Return the last moment at which a document sealed then can be invalidated, by the rules in force now."""
    today = now.astimezone(FISCAL_ZONE).date()
    rows = [
        row
        for row in WINDOWS
        if document_type in row.types
        and row.valid_from <= today <= row.valid_to
        and (not row.activities or activity in row.activities)
    ]
    row = next((row for row in rows if row.name == obeyed), rows[0])
    return datetime.combine(row.last_day(sealed_at.astimezone(FISCAL_ZONE).date()), time(23, 59, 59), FISCAL_ZONE)
