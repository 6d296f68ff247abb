"""Days are counted from the documents, in the issuer's time zone, and every count mends the one before."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from smartbill.delays import step_of
from smartbill.lifecycle import Kind, Status
from smartbill.models import DayTally, Document, Issuer
from smartbill.services import tally_days as service
from smartbill.services.tally_days import tally_days
from tests.factories.documents import make_document
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


@pytest.fixture
def issuer() -> Issuer:
    return IssuerFactory.create(time_zone="America/El_Salvador")


def stamped(issuer: Issuer, at: datetime, **changes: object) -> Document:
    fields = {"stamped_at": at, "occurred_at": at - timedelta(seconds=4), "total": Decimal("113.00"), **changes}
    return make_document(changes.pop("status", Status.STAMPED), issuer=issuer, **fields)  # type: ignore[arg-type]


def tally(day: date) -> DayTally:
    return DayTally.objects.get(day=day)


@time_machine.travel(NOW, tick=False)
def test_a_day_is_that_of_the_issuer(issuer: Issuer) -> None:
    stamped(issuer, datetime(2026, 3, 10, 5, 59, 59, tzinfo=UTC))
    stamped(issuer, datetime(2026, 3, 10, 6, 0, tzinfo=UTC))
    tally_days()
    assert (tally(date(2026, 3, 9)).count, tally(date(2026, 3, 10)).count) == (1, 1)


@time_machine.travel(NOW, tick=False)
def test_a_day_holds_number_amounts_by_currency_and_delays(issuer: Issuer) -> None:
    at = NOW - timedelta(hours=1)
    sale = stamped(issuer, at)
    stamped(issuer, at, currency="EUR", total=Decimal("10.50"))
    stamped(issuer, at, kind=Kind.CREDIT_NOTE, corrects=sale, total=Decimal("13.00"), purpose="note")
    tally_days()
    row = tally(date(2026, 3, 10))
    assert (row.count, row.totals) == (3, {"EUR": "10.500", "USD": "100.000"})
    assert row.delays == {str(step_of(4)): 2}


@time_machine.travel(NOW, tick=False)
def test_what_is_invalidated_is_counted_no_more(issuer: Issuer) -> None:
    row = stamped(issuer, NOW - timedelta(hours=1))
    assert tally_days() == 7
    Document.objects.filter(pk=row.pk).update(status=Status.INVALIDATED)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        tally_days()
    assert (tally(date(2026, 3, 10)).count, tally(date(2026, 3, 10)).totals) == (0, {})


def test_the_last_two_days_are_counted_at_every_run_and_older_ones_once_a_day(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "KEPT_DAYS", 4)
    with time_machine.travel(NOW, tick=False):
        assert tally_days() == 4
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert tally_days() == 2
    with time_machine.travel(NOW + timedelta(hours=23), tick=False):
        assert tally_days() == 2  # the next day of the issuer, and the one that was today
    with time_machine.travel(NOW + timedelta(hours=25), tick=False):
        assert tally_days() == 4


@time_machine.travel(NOW, tick=False)
def test_a_first_run_begins_with_the_newest_days_of_all_issuers(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = IssuerFactory.create(time_zone="Europe/Bucharest")
    monkeypatch.setattr(service, "monotonic", iter(range(0, 10_000, 100)).__next__)
    assert tally_days() == 1
    assert list(DayTally.objects.values_list("issuer", "day")) == [(issuer.pk, date(2026, 3, 10))]
    assert other.pk


@time_machine.travel(NOW, tick=False)
def test_an_older_count_never_replaces_a_newer_one(issuer: Issuer) -> None:
    tally_days()
    newer = NOW + timedelta(seconds=5)
    DayTally.objects.filter(day=date(2026, 3, 10)).update(count=9, counted_at=newer)
    service._count(issuer, date(2026, 3, 10))
    assert (tally(date(2026, 3, 10)).count, tally(date(2026, 3, 10)).counted_at) == (9, newer)


@time_machine.travel(NOW, tick=False)
def test_a_day_that_takes_long_is_counted_less_often(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "KEPT_DAYS", 2)
    tally_days()
    DayTally.objects.update(seconds=3.0)
    with time_machine.travel(NOW + timedelta(seconds=149), tick=False):
        assert tally_days() == 0
    with time_machine.travel(NOW + timedelta(seconds=150), tick=False):
        assert tally_days() == 2
