"""Business days over two calendars: what everybody has off, and what public offices have off besides.

The texts do not say which one counts. A time that must be safe counts by the short list, the latest possible one by
the long list. Nothing here touches the database: `services.holidays` reads the days that staff entered.
"""

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

GENERAL, OFFICES, WORKING = "general", "public_offices", "working"

# Days off by law in El Salvador (Código de Trabajo, art. 190) and those of public employees besides; both lists are our
# reading, to be checked each year, and staff correct single days in the admin.
_GENERAL = ((1, 1), (5, 1), (5, 10), (6, 17), (8, 6), (9, 15), (11, 2), (12, 25))
_OFFICES = ((1, 2), *((8, day) for day in range(1, 6)), *((12, day) for day in range(24, 32)))
_GENERAL_AROUND_EASTER, _OFFICES_AROUND_EASTER = (-3, -2, -1), (-6, -5, -4, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The holidays of a country: the usual ones of each year, and single days that staff entered."""

    country: str
    entered: Mapping[date, str] = field(default_factory=dict)

    def scope(self, day: date) -> str:
        """Return whose day off it is: general, public_offices or working (nobody's)."""
        return self.entered.get(day) or usual_holidays(self.country, day.year).get(day, WORKING)

    def is_business_day(self, day: date, *, offices: bool) -> bool:
        """Whether work is done; `offices` asks by the long list."""
        closed = {GENERAL, OFFICES} if offices else {GENERAL}
        return day.weekday() < 5 and self.scope(day) not in closed

    def business_day(self, first: date, count: int, *, offices: bool) -> date:
        """Return the count-th business day, the first day included."""
        day = first
        while True:
            count -= self.is_business_day(day, offices=offices)
            if count == 0:
                return day
            day += timedelta(days=1)


@lru_cache(maxsize=64)
def usual_holidays(country: str, year: int) -> Mapping[date, str]:
    """Return the holidays of a year as the law and habit have them; none for a country that we do not know."""
    if country != "SV":
        return {}
    easter = easter_sunday(year)
    offices = [date(year, *day) for day in _OFFICES] + [easter + timedelta(days=n) for n in _OFFICES_AROUND_EASTER]
    general = [date(year, *day) for day in _GENERAL] + [easter + timedelta(days=n) for n in _GENERAL_AROUND_EASTER]
    return dict.fromkeys(offices, OFFICES) | dict.fromkeys(general, GENERAL)


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def add_months(day: date, months: int) -> date:
    """Return the same day number so many months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def days_between(first: date, last: date) -> Iterable[date]:
    """Yield every day, both ends included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
