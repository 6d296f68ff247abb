"""The report of an outage: every document with its numbers, amounts, times and proof, and sums that must tie."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from smartbill.clocks import Clock, month_end
from smartbill.lifecycle import Status
from smartbill.models import Outage, OutageDocument
from smartbill.services.outage_facts import clocks_of_outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document. `delay` lies between issue and seal; `due_at` is the earliest legal end of waiting."""

    entry: OutageDocument
    number: str
    status: str
    amount: Decimal
    currency: str
    issued_at: datetime | None
    sealed_at: datetime | None
    shown_at: datetime | None
    delay: timedelta | None
    due_at: datetime | None
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The documents in one currency: all, with a seal, and still without."""

    currency: str
    count: int
    amount: Decimal
    sealed_count: int
    sealed_amount: Decimal
    waiting_count: int
    waiting_amount: Decimal

    @property
    def ties(self) -> bool:
        """Whether what is sealed and what waits are all there is."""
        return (
            self.sealed_count + self.waiting_count == self.count
            and self.sealed_amount + self.waiting_amount == self.amount
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is printed, as of one moment."""

    outage: Outage
    clocks: list[Clock]
    rows: list[Row]
    sums: list[Sums]

    @property
    def ties(self) -> bool:
        """Whether the rows add up to the sums, which were counted apart from them, in number and amount."""
        listed: dict[str, tuple[int, Decimal]] = {}
        for row in self.rows:
            count, amount = listed.get(row.currency, (0, Decimal(0)))
            listed[row.currency] = count + 1, amount + row.amount
        return listed == {sums.currency: (sums.count, sums.amount) for sums in self.sums} and all(
            sums.ties for sums in self.sums
        )

    @property
    def longest(self) -> timedelta | None:
        """The longest time a document went without its seal."""
        return max((row.delay for row in self.rows if row.delay is not None), default=None)


def report_of(outage: Outage) -> Report:
    """Return the report with every document; for the page of an outage, `rows_of` and `sums_of` alone are enough."""
    clocks = clocks_of_outage(outage)
    return Report(outage=outage, clocks=clocks, rows=list(rows_of(outage, clocks)), sums=sums_of(outage))


def rows_of(outage: Outage, clocks: list[Clock], *, limit: int | None = None) -> Iterator[Row]:
    """Yield the documents in the order in which they entered, at most `limit`."""
    entries = outage.entries.select_related("document", "attempt", "reading").order_by("id")
    due = next((clock.safe_until for clock in clocks if clock.key == "documents"), None)
    ends_with_month = any(clock.key == "month" for clock in clocks)
    for entry in entries[:limit] if limit else entries.iterator(chunk_size=500):
        document = entry.document
        issued_on = document.issued_at.astimezone(outage.issuer.zone).date() if document.issued_at else None
        ends = [due, _month_end(issued_on, outage) if ends_with_month else None]
        yield Row(
            entry=entry,
            number=document.control_number or document.reference,
            status=document.status,
            amount=document.total,
            currency=document.currency,
            issued_at=document.issued_at,
            sealed_at=document.stamped_at,
            shown_at=entry.shown_at,
            delay=document.stamped_at - document.issued_at if document.stamped_at and document.issued_at else None,
            due_at=min((end for end in ends if end), default=None),
            proof=_proof(entry),
        )


def sums_of(outage: Outage) -> list[Sums]:
    """Count and add up in the database, per currency."""
    waiting = Q(document__status=Status.CONTINGENCY)
    rows = (
        outage.entries.order_by("document__currency")
        .values("document__currency")
        .annotate(
            count=Count("id"),
            amount=Sum("document__total"),
            waiting_count=Count("id", filter=waiting),
            waiting_amount=Sum("document__total", filter=waiting),
            sealed_count=Count("id", filter=~waiting),
            sealed_amount=Sum("document__total", filter=~waiting),
        )
    )
    none = Decimal(0)
    return [
        Sums(
            currency=row["document__currency"],
            count=row["count"],
            amount=row["amount"] or none,
            sealed_count=row["sealed_count"],
            sealed_amount=row["sealed_amount"] or none,
            waiting_count=row["waiting_count"],
            waiting_amount=row["waiting_amount"] or none,
        )
        for row in rows
    ]


def _month_end(day: date | None, outage: Outage) -> datetime | None:
    return month_end(day, outage.issuer.zone) if day else None


def _proof(entry: OutageDocument) -> str:
    """Say which answer or look-up showed that the document had no seal."""
    if entry.reading is not None:
        return _("look-up %(id)s, HTTP %(status)s") % {"id": entry.reading_id, "status": entry.reading.http_status}
    if entry.attempt is not None:
        return _("answer to attempt %(id)s, HTTP %(status)s") % {
            "id": entry.attempt_id,
            "status": entry.attempt.http_status,
        }
    return _("none kept")
