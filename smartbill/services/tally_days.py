"""Count the documents of each day, for figures that must not cost a look at all of them.

Today and yesterday are counted at every run, an older day of the last months once a day: an invalidation, a correction
or a late record changes it. Every count begins from the documents, so a run that died, ran twice or came late leaves
nothing wrong behind that the next one does not mend.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

from django.conf import settings
from django.utils.timezone import now

from smartbill.delays import step_of
from smartbill.lifecycle import Kind
from smartbill.models import DayTally, Document, Issuer

KEPT_DAYS = 62
"""So many days back from today are counted again; older tallies stay as they are."""
FRESH = timedelta(hours=24)
OLD_PER_RUN = 5
SHARE = 50
"""A day that took a second to count is not counted again before fifty have passed."""


def tally_days() -> int:
    """Count what is due, the newest days of all issuers first, within the budget of a drain; return how many days."""
    deadline = monotonic() + settings.DRAIN["budget"]
    due = [(back, issuer, day) for issuer in Issuer.objects.order_by("pk") for back, day in _due(issuer, now())]
    counted = 0
    for _back, issuer, day in sorted(due, key=lambda each: each[0]):
        if counted and monotonic() > deadline:
            break
        _count(issuer, day)
        counted += 1
    return counted


def _due(issuer: Issuer, at: datetime) -> list[tuple[int, date]]:
    """Return the days to count, each with how many days it lies back."""
    today = at.astimezone(issuer.zone).date()
    first = today - timedelta(days=KEPT_DAYS - 1)
    rows = DayTally.objects.filter(issuer=issuer, livemode=issuer.livemode, day__gte=first)
    known = {row.day: row for row in rows.defer("totals", "delays")}
    due, old = [], []
    for back in range(KEPT_DAYS):
        day = today - timedelta(days=back)
        row = known.get(day)
        rest = timedelta(seconds=row.seconds * SHARE) if row else timedelta(0)
        if back < 2:
            if row is None or at - row.counted_at >= rest:
                due.append((back, day))
        elif row is None or at - row.counted_at >= max(FRESH, rest):
            old.append((back, day))
    return due + old[:OLD_PER_RUN]


def _count(issuer: Issuer, day: date) -> None:
    """Count one day and keep the result, unless a later count was faster."""
    at, began = now(), monotonic()
    count, totals, delays = 0, defaultdict[str, Decimal](Decimal), Counter[str]()
    for kind, currency, total, occurred_at, stamped_at in _documents(issuer, day):
        count += 1
        totals[currency] += -total if kind == Kind.CREDIT_NOTE else total
        if kind != Kind.CREDIT_NOTE:
            delays[str(step_of((stamped_at - occurred_at).total_seconds()))] += 1
    found = {
        "count": count,
        "totals": {currency: str(total) for currency, total in sorted(totals.items())},
        "delays": dict(delays),
        "counted_at": at,
        "seconds": monotonic() - began,
    }
    key = {"issuer": issuer, "livemode": issuer.livemode, "day": day}
    if not DayTally.objects.filter(**key, counted_at__lt=at).update(**found):
        DayTally.objects.bulk_create([DayTally(**key, **found)], ignore_conflicts=True)


def _documents(issuer: Issuer, day: date) -> Iterator[tuple[Any, ...]]:
    start = datetime.combine(day, time.min, issuer.zone)
    end = datetime.combine(day + timedelta(days=1), time.min, issuer.zone)
    # Every kind is named because the index by which they are found leads with it.
    stamped = Document.objects.filter(
        issuer=issuer, kind__in=Kind.values, livemode=issuer.livemode, stamped_at__gte=start, stamped_at__lt=end
    )
    columns = ("counts", "kind", "currency", "total", "occurred_at", "stamped_at")
    for counts, *row in stamped.with_counts().order_by().values_list(*columns).iterator(chunk_size=2000):
        if counts:
            yield tuple(row)
