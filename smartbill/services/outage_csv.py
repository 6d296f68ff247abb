"""The report of an outage as two tables for a spreadsheet: its documents, and its legal times."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from smartbill.services.outage_report import Report

DOCUMENTS = [
    "number", "reference", "generation_code", "seal", "state", "currency", "total", "issued_at", "noticed_at",
    "stamped_at", "seconds_without_stamp", "shown_at", "stamp_due_at", "proof",
]  # fmt: skip
CLOCKS = ["clock", "counts_from", "safe_until", "last_possible", "met_at", "state", "certainty", "source"]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def document_rows(report: Report) -> Iterator[list[str]]:
    """Yield the heading and one row per document; times are local to the issuer, with their offset."""
    zone = report.outage.issuer.zone
    yield DOCUMENTS
    for row in report.rows:
        document = row.entry.document
        yield [
            _text(row.number),
            document.reference,
            _text(document.generation_code),
            _text(document.seal),
            row.status,
            row.currency,
            f"{row.amount:.2f}" if row.amount == round(row.amount, 2) else f"{row.amount:f}",
            _time(row.issued_at, zone),
            _time(row.entry.entered_at, zone),
            _time(row.sealed_at, zone),
            _seconds(row.delay),
            _time(row.shown_at, zone),
            _time(row.due_at, zone),
            _text(row.proof),
        ]


def clock_rows(report: Report) -> Iterator[list[str]]:
    """Yield the heading and one row per legal time."""
    zone = report.outage.issuer.zone
    yield CLOCKS
    for clock in report.clocks:
        state = "missed" if clock.is_missed else "running" if clock.is_running else "met"
        yield [
            clock.key,
            _time(clock.starts_at, zone),
            _time(clock.safe_until, zone),
            _time(clock.last_possible, zone),
            _time(clock.met_at, zone),
            "implied" if clock.is_implied else state,
            clock.rule.certainty,
            _text(clock.rule.source),
        ]


def _text(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula: numbers and codes come from outside."""
    return f"'{value}" if value.startswith(FORMULA) else value


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else ""


def _seconds(span: timedelta | None) -> str:
    return str(int(span.total_seconds())) if span is not None else ""
