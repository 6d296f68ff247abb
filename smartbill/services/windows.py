"""The windows of documents with the holidays that staff entered, and which documents they leave how much time."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta

from django.db.models import Q, prefetch_related_objects

from smartbill.business_days import Calendar, days_between
from smartbill.legal_rules import INVALIDATION
from smartbill.lifecycle import Kind, Status
from smartbill.models import Document, Holiday, Issuer
from smartbill.windows import LONGEST, Window, windows_of


def calendar_of(country: str) -> Calendar:
    """Return the holidays of a country; one query."""
    return Calendar(country=country, entered=dict(Holiday.objects.filter(country=country).values_list("on", "scope")))


def windows_of_document(document: Document, *, calendar: Calendar | None = None) -> Mapping[str, Window]:
    """Return the windows of a document that has its stamp and its legal value; none for any other."""
    if document.stamped_at is None or document.status == Status.INVALIDATED:
        return {}
    return _windows(
        document.issuer, document.kind, document.stamped_at, calendar or calendar_of(document.issuer.country)
    )


def windows_of_documents(documents: Iterable[Document]) -> Mapping[int, Mapping[str, Window]]:
    """Return the windows of each document by its key; the number of queries does not grow with the documents."""
    rows = list(documents)
    prefetch_related_objects(rows, "issuer")
    calendars: dict[str, Calendar] = {}
    found = {}
    for document in rows:
        country = document.issuer.country
        if country not in calendars:
            calendars[country] = calendar_of(country)
        found[document.pk] = windows_of_document(document, calendar=calendars[country])
    return found


def safe_until_between(first: datetime, last: datetime) -> Q:
    """Return the condition of the documents whose safe time to invalidate ends between two moments.

    No date is stored: a holiday that is entered counts at once. The days of stamping that lead to such an end are
    found by the same function that shows it, and the rows by their own columns.
    """
    condition = Q(pk__in=[])
    for issuer in Issuer.objects.filter(documents__stamped_at__isnull=False).distinct():
        calendar = calendar_of(issuer.country)
        for kind in Kind.values:
            for start, end in _stamping_days(issuer, kind, calendar, first, last):
                condition |= Q(issuer=issuer, kind=kind, stamped_at__gte=start, stamped_at__lt=end)
    return condition


def _stamping_days(
    issuer: Issuer, kind: str, calendar: Calendar, first: datetime, last: datetime
) -> Iterable[tuple[datetime, datetime]]:
    """Yield runs of days, as first instant and first instant after it."""
    run: list[date] = []
    newest = last.astimezone(issuer.zone).date()
    for day in days_between(newest - LONGEST, newest):
        window = _windows(issuer, kind, _midnight(day, issuer), calendar).get(INVALIDATION)
        if window is not None and first <= window.safe_until <= last:
            run.append(day)
        elif run:
            yield _midnight(run[0], issuer), _midnight(run[-1] + timedelta(days=1), issuer)
            run = []
    if run:
        yield _midnight(run[0], issuer), _midnight(run[-1] + timedelta(days=1), issuer)


def _windows(issuer: Issuer, kind: str, stamped_at: datetime, calendar: Calendar) -> Mapping[str, Window]:
    return windows_of(
        kind,
        stamped_at,
        provider=issuer.provider,
        zone=issuer.zone,
        calendar=calendar,
        activity=issuer.activity_code,
    )


def _midnight(day: date, issuer: Issuer) -> datetime:
    return datetime.combine(day, time.min, issuer.zone)
