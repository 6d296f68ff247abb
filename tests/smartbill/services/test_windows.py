"""Windows of stored documents: the calendar that staff entered, the rows that end soon, constant queries."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from notifications.models import Alert
from smartbill.legal_rules import INVALIDATION
from smartbill.lifecycle import Kind, Status
from smartbill.models import Document, Holiday
from smartbill.services import alarm_windows
from smartbill.services.windows import safe_until_between, windows_of_document, windows_of_documents
from tests.factories.documents import make_document
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/El_Salvador")


def noon(day):
    return datetime.combine(day, time(12), ZONE)


def stamped(day, kind=Kind.CCF, status=Status.STAMPED, **changes):
    return make_document(status, kind=kind, stamped_at=noon(day), **changes)


def test_a_holiday_that_staff_entered_counts_at_once():
    document = stamped(date(2026, 12, 1))
    before = windows_of_document(document)[INVALIDATION].last_possible
    Holiday.objects.create(on=date(2027, 1, 6), scope=Holiday.Scope.GENERAL, name="Decreto 1")
    after = windows_of_document(document)[INVALIDATION].last_possible
    assert (before.date(), after.date()) == (date(2027, 1, 15), date(2027, 1, 18))


@pytest.mark.parametrize("status", [Status.INVALIDATED, Status.CONTINGENCY, Status.HELD])
def test_what_is_not_stamped_or_not_valid_any_more_has_no_window(status):
    at = noon(date(2026, 12, 1)) if status == Status.INVALIDATED else None
    assert windows_of_document(make_document(status, stamped_at=at)) == {}


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    issuer = IssuerFactory()
    for day in range(1, 6):
        stamped(date(2026, 12, day), issuer=issuer)
    with django_assert_num_queries(3):
        assert len(windows_of_documents(Document.objects.all())) == 5


def test_the_rows_whose_safe_time_ends_soon_are_those_of_which_the_page_says_so():
    documents = [stamped(date(2026, 11, 25) + timedelta(days=n)) for n in range(12)]
    documents += [stamped(date(2026, 9, 1) + timedelta(days=n), kind=Kind.FACTURA) for n in range(6)]
    first, last = noon(date(2026, 12, 2)), noon(date(2026, 12, 5))
    expected = {row.pk for row in documents if first <= windows_of_document(row)[INVALIDATION].safe_until <= last}
    assert len(expected) == 6
    assert set(Document.objects.filter(safe_until_between(first, last)).values_list("pk", flat=True)) == expected


def warnings(at, monkeypatch):
    monkeypatch.setattr(alarm_windows, "now", lambda: at)
    alarm_windows.alarm_windows()
    return set(Alert.objects.open().filter(kind="correction_window").values_list("key", flat=True))


def test_people_are_warned_of_pending_corrections_alone(monkeypatch):
    pending = stamped(date(2026, 12, 1), status=Status.INVALIDATING)
    differs = stamped(date(2026, 12, 1), difference="The totals differ.")
    stamped(date(2026, 12, 1))
    at = noon(date(2026, 12, 1))
    assert warnings(at, monkeypatch) == {f"document:{row.pk}" for row in (pending, differs)}
    assert warnings(at, monkeypatch) == {f"document:{row.pk}" for row in (pending, differs)}
    assert Alert.objects.count() == 2


@pytest.mark.parametrize(
    ("at", "warned"),
    [
        (datetime(2026, 11, 30, 23, 59, 58, tzinfo=ZONE), False),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=ZONE), True),
        (datetime(2026, 12, 2, 23, 59, 59, tzinfo=ZONE), True),
        (datetime(2027, 1, 15, 23, 59, 59, tzinfo=ZONE), True),
        (datetime(2027, 1, 16, 0, 0, 0, tzinfo=ZONE), False),
    ],
)
def test_the_warning_comes_48_hours_before_the_safe_end_and_goes_with_the_last_moment(at, warned, monkeypatch):
    stamped(date(2026, 12, 1), difference="The totals differ.")
    assert bool(warnings(at, monkeypatch)) is warned


def test_the_warning_ends_when_nothing_is_pending_any_more(monkeypatch):
    document = stamped(date(2026, 12, 1), difference="The totals differ.")
    at = noon(date(2026, 12, 2))
    assert warnings(at, monkeypatch)
    Document.objects.filter(pk=document.pk).update(difference="")
    assert warnings(at, monkeypatch) == set()
