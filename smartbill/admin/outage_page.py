"""What the page, the list and the report of an outage show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.admin import amount, moment
from config.admin.texts import Text
from smartbill.admin.states import TONES
from smartbill.clock_texts import CERTAINTIES, CLOCK_NAMES, CLOCK_REMEDIES, CLOCK_RULES
from smartbill.clocks import Clock
from smartbill.lifecycle import Status
from smartbill.models import Outage
from smartbill.services.outage_facts import clocks_of_outage
from smartbill.services.outage_report import Report, Row, Sums, report_of, rows_of, sums_of

SHOWN = 100
PER_EVENT = 1000
"""Documents that one contingency event may list."""


@dataclass(frozen=True, slots=True)
class State:
    """How an outage stands: its word, its colour, what it means and what happens next."""

    label: Text
    tone: str
    meaning: Text
    next_step: Text


ON = State(
    gettext_lazy("Going on"),
    "bad",
    gettext_lazy("Documents are issued without the tax authority's seal. Customers have them, with “seal pending”."),
    gettext_lazy("One document is asked about often, the others seldom. The first seal has all of them asked about."),
)
OVER = State(
    gettext_lazy("Over, seals outstanding"),
    "warn",
    gettext_lazy("Seals are given again. Documents of the outage still lack theirs, or a page does not show it yet."),
    gettext_lazy("SmartBill sends them by its button or at the end of the month; they are looked up until then."),
)
CLOSED = State(
    gettext_lazy("Closed"),
    "good",
    gettext_lazy("Every document has its seal, and every page and PDF shows it."),
    gettext_lazy("Nothing is left to do."),
)
CLOSED_LATE = State(
    gettext_lazy("Closed, a legal time was missed"),
    "bad",
    gettext_lazy("Every document has its seal, and every page and PDF shows it. Not all of it was in time."),
    gettext_lazy("Ask your accountant what the authority wants to be told; the report below has all times."),
)


@dataclass(frozen=True, slots=True)
class ShownClock:
    """A legal clock in words."""

    clock: Clock
    name: Text
    rule: Text
    remedy: Text
    certainty: Text
    tone: str
    left: str


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A document of the outage in words."""

    row: Row
    tone: str
    label: str
    serial: str
    series: str
    amount: str
    issued: SafeString
    stamped: SafeString
    delay: str


@dataclass(frozen=True, slots=True)
class ShownSums:
    """Sums of one currency in words."""

    sums: Sums
    amount: str
    sealed: str
    waiting: str


def state_of(outage: Outage) -> State:
    """Return how the outage stands."""
    if outage.is_open:
        return OVER if outage.restored_at else ON
    return CLOSED_LATE if outage.missed else CLOSED


def outage_page(outage: Outage) -> dict[str, Any]:
    """Return everything that the page of an outage shows; its first documents only."""
    clocks = clocks_of_outage(outage)
    sums = sums_of(outage)
    count = sum(each.count for each in sums)
    probe = outage.probe if outage.is_open else None
    return {
        "state": state_of(outage),
        "clocks": shown_clocks(clocks),
        "rows": [_shown_row(row) for row in rows_of(outage, clocks, limit=SHOWN)],
        "sums": [_shown_sums(each) for each in sums],
        "count": count,
        "more": max(0, count - SHOWN),
        "events_needed": -(-count // PER_EVENT),
        "lasted": span((outage.restored_at or now()) - outage.first_evidence_at),
        "filings": list(outage.filings.select_related("actor")),
        "probe": probe,
        "probe_reading": probe.readings.order_by("-id").first() if probe else None,
    }


def report_page(outage: Outage) -> dict[str, Any]:
    """Return everything that is printed: as the page, with every document."""
    report = report_of(outage)
    return {
        "report": report,
        "state": state_of(outage),
        "clocks": shown_clocks(report.clocks),
        "rows": [_shown_row(row) for row in report.rows],
        "sums": [_shown_sums(each) for each in report.sums],
        "lasted": span((outage.restored_at or now()) - outage.first_evidence_at),
        "longest": span(report.longest) if report.longest is not None else "–",
        "filings": list(outage.filings.select_related("actor")),
        "printed_at": now(),
    }


def report_and_name(outage: Outage) -> tuple[Report, str]:
    """Return the report and the first half of its file name."""
    return report_of(outage), f"outage-{outage.pk}"


def shown_clocks(clocks: list[Clock]) -> list[ShownClock]:
    """Return the clocks in words, those that run first, by the time left."""
    at = now()
    ordered = sorted(clocks, key=lambda clock: (not clock.is_running, clock.safe_until))
    return [
        ShownClock(
            clock=clock,
            name=CLOCK_NAMES[clock.key],
            rule=CLOCK_RULES[clock.key],
            remedy=CLOCK_REMEDIES[clock.key],
            certainty=CERTAINTIES[clock.rule.certainty],
            tone=clock.tone(at),
            left=left_in_words(clock, at),
        )
        for clock in ordered
    ]


def left_in_words(clock: Clock, at: datetime) -> str:
    """Return what stands on the clock: the time left, or how it ended."""
    if clock.is_missed:
        return _("too late")
    if clock.is_implied:
        return _("done, at the latest then")
    if not clock.is_running:
        return _("in time")
    if clock.left(at) <= timedelta(0):
        return _("over since %(span)s") % {"span": span(-clock.left(at))}
    return _("%(span)s left") % {"span": span(clock.left(at))}


def span(length: timedelta) -> str:
    """Return a length of time in its two greatest units, rounded down; seconds stand alone."""
    minutes, seconds = divmod(max(0, int(length.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min") % {"minutes": minutes}
    return _("%(seconds)s s") % {"seconds": seconds}


def _shown_row(row: Row) -> ShownRow:
    series, _dash, serial = row.number.rpartition("-")
    return ShownRow(
        row=row,
        tone=TONES[row.status],
        label=str(Status(row.status).label),
        serial=serial,
        series=series,
        issued=moment(row.issued_at),
        stamped=moment(row.sealed_at),
        amount=amount(row.amount, row.currency),
        delay=span(row.delay) if row.delay is not None else "–",
    )


def _shown_sums(sums: Sums) -> ShownSums:
    return ShownSums(
        sums=sums,
        amount=amount(sums.amount, sums.currency),
        sealed=amount(sums.sealed_amount, sums.currency),
        waiting=amount(sums.waiting_amount, sums.currency),
    )
