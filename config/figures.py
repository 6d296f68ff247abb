"""The figures of the desk, added up from the tallies of days: one query over a month of rows, whatever is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.timezone import localdate

from config.admin import amount
from smartbill.delays import added, median_seconds
from smartbill.models import DayTally

CHART_DAYS = 30
LATE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sum:
    """What some days come to; `median` is in seconds from payment to stamp, None where nothing was stamped."""

    count: int
    totals: Sequence[str]
    median: float | None


@dataclass(frozen=True, slots=True)
class Day:
    """One bar of the chart and one row of its table."""

    day: date
    count: int
    totals: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was stamped today and this month, each in its issuer's time zone, and on each of the last days."""

    today: Sum
    month: Sum
    days: Sequence[Day]
    counted_at: datetime | None
    is_late: bool


def figures(at: datetime, *, livemode: bool) -> Figures:
    """Add up the tallies of one mode."""
    start = min(localdate(at).replace(day=1), localdate(at) - timedelta(days=CHART_DAYS)) - timedelta(days=1)
    rows = list(DayTally.objects.filter(livemode=livemode, day__gte=start).select_related("issuer"))
    today = {row.issuer_id: at.astimezone(row.issuer.zone).date() for row in rows}
    newest = max(today.values(), default=localdate(at))
    of_today = [row for row in rows if row.day == today[row.issuer_id]]
    counted_at = min((row.counted_at for row in of_today), default=None)
    by_day = {newest - timedelta(days=back): list[DayTally]() for back in reversed(range(CHART_DAYS))}
    for row in rows:
        if row.day in by_day:
            by_day[row.day].append(row)
    return Figures(
        today=_sum(of_today),
        month=_sum(row for row in rows if row.day >= today[row.issuer_id].replace(day=1)),
        days=[Day(day, sum(row.count for row in found), _totals(found)) for day, found in by_day.items()],
        counted_at=counted_at,
        is_late=counted_at is None or at - counted_at > LATE,
    )


def _sum(rows: Iterable[DayTally]) -> Sum:
    found = list(rows)
    return Sum(sum(row.count for row in found), _totals(found), median_seconds(added([row.delays for row in found])))


def _totals(rows: Iterable[DayTally]) -> list[str]:
    """Return one amount per currency; what is not the same money is never added."""
    totals: dict[str, Decimal] = {}
    for row in rows:
        for currency, total in row.totals.items():
            totals[currency] = totals.get(currency, Decimal(0)) + Decimal(total)
    return [amount(total, currency) for currency, total in sorted(totals.items())]
