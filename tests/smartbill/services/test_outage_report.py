"""The report: every document once, sums that tie, times by the issuer's clock, and nothing a spreadsheet would run."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from smartbill.models import Document, Outage
from smartbill.services.outage_csv import DOCUMENTS, clock_rows, document_rows
from smartbill.services.outage_look_after import look_after
from smartbill.services.outage_report import report_of, rows_of
from tests.factories.outages import enter, seal, the_outage
from tests.factories.smartbill import IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def outage() -> Outage:
    issuer = IssuerFactory.create()
    totals = ["113.00", "0.10", "0.20"]
    drafts = [make_draft(issuer, total=total, source=f"invoice:in_{number}") for number, total in enumerate(totals)]
    documents = [enter(issuer, ago=(5 - number) * HOUR, draft=draft) for number, draft in enumerate(drafts)]
    enter()
    seal(documents[0])
    seal(documents[1], show=False)
    found = Outage.objects.select_related("issuer").get(issuer=issuer)
    look_after(found)
    return found


def table(rows) -> list[dict[str, str]]:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def test_every_document_stands_in_it_once_and_the_sums_tie_to_the_cent(outage: Outage) -> None:
    report = report_of(outage)
    assert [row.amount for row in report.rows] == [Decimal("113.00"), Decimal("0.10"), Decimal("0.20")]
    sums = report.sums[0]
    assert (sums.currency, sums.count, sums.amount) == ("USD", 3, Decimal("113.30"))
    assert (sums.sealed_count, sums.sealed_amount) == (2, Decimal("113.10"))
    assert (sums.waiting_count, sums.waiting_amount) == (1, Decimal("0.20"))
    assert report.ties


def test_a_missing_or_changed_row_does_not_tie(outage: Outage) -> None:
    report = report_of(outage)
    assert not replace(report, rows=report.rows[:-1]).ties
    assert not replace(report, rows=[*report.rows[:-1], replace(report.rows[-1], amount=Decimal("0.21"))]).ties
    assert not replace(report, sums=[replace(report.sums[0], sealed_count=3)]).ties


def test_each_row_tells_how_long_it_went_without_seal_and_what_proves_it(outage: Outage) -> None:
    sealed, unshown, waiting = report_of(outage).rows
    assert sealed.delay == sealed.sealed_at - sealed.issued_at
    assert sealed.delay >= 5 * HOUR
    assert (bool(sealed.shown_at), unshown.shown_at, waiting.delay) == (True, None, None)
    assert f"attempt {waiting.entry.attempt_id}, HTTP 200" in waiting.proof
    assert report_of(outage).longest == sealed.delay


def test_a_document_is_due_at_the_earliest_of_its_legal_times(outage: Outage) -> None:
    report = report_of(outage)
    ends = {clock.key: clock.safe_until for clock in report.clocks}
    assert {row.due_at for row in report.rows} == {min(ends["documents"], ends["month"])}


def test_the_page_shows_the_first_documents_only(outage: Outage) -> None:
    assert len(list(rows_of(outage, [], limit=2))) == 2


def test_documents_as_a_table_have_exact_amounts_and_local_times(outage: Outage) -> None:
    rows = table(document_rows(report_of(outage)))
    assert list(rows[0]) == DOCUMENTS
    assert sum(Decimal(row["total"]) for row in rows) == Decimal("113.30")
    assert [row["state"] for row in rows] == ["stamped", "stamped", "contingency"]
    assert rows[0]["issued_at"].endswith("-06:00")
    assert int(rows[0]["seconds_without_stamp"]) >= 5 * 3600
    assert (rows[2]["stamped_at"], rows[2]["seconds_without_stamp"], rows[2]["shown_at"]) == ("", "", "")


def test_legal_times_as_a_table_name_their_source(outage: Outage) -> None:
    rows = table(clock_rows(report_of(outage)))
    assert [row["clock"] for row in rows] == ["event", "documents", "report", "month"]
    assert [row["state"] for row in rows] == ["implied", "running", "met", "running"]
    assert all(row["source"] and row["certainty"] for row in rows)


@pytest.mark.parametrize("number", ["=1+1", "+1", "-1", "@A1", "\t=1"])
def test_no_number_of_the_provider_is_a_formula(number: str) -> None:
    document = enter()
    Document.objects.filter(pk=document.pk).update(control_number=number)
    row = table(document_rows(report_of(the_outage())))[0]
    assert row["number"] == f"'{number}"


def test_a_report_of_many_documents_takes_no_more_queries(django_assert_max_num_queries) -> None:
    issuer = IssuerFactory.create()
    for _each in range(5):
        enter(issuer)
    outage = the_outage()
    with django_assert_max_num_queries(6):
        report = report_of(outage)
    assert len(report.rows) == 5
    assert all(row.issued_at <= now() for row in report.rows)
