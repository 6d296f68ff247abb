"""Files of a list: exactly its rows, harmless to a spreadsheet, and written down."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client, override_settings
from openpyxl import load_workbook

from config.admin.sheets import Cell, csv_file, harmless, xlsx_file
from config.models import Export
from smartbill.lifecycle import Status
from tests.factories.billing import SaleFactory
from tests.factories.documents import make_document
from tests.factories.notifications import MessageFactory
from tests.factories.people import signed_in
from tests.factories.reversals import make_reversal, make_reversed_sale

LIST = "/admin/smartbill/document/"
VIEW, EXPORT = "smartbill.view_document", "smartbill.export_document"
HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1",
    "＠x",
    '=HYPERLINK("http://evil","x")',
    "=cmd|' /C calc'!A0",
]
PLAIN = ["Ñandú ș ț", 'say "x", y; z', "<b>&amp;", "😀", "a\nb", "1,5", "x" * 40_000]


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def xlsx_rows(content: bytes) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert csv_rows(b"".join(csv_file([[text]]))) == [[f"'{text}"]]
    book = load_workbook(io.BytesIO(b"".join(xlsx_file([[text]]))))
    cell = book.worksheets[0]["A1"]
    assert (cell.data_type, cell.value[:1]) == ("s", "'")


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_arrive_unchanged(text: str) -> None:
    assert csv_rows(b"".join(csv_file([[text]]))) == [[text]]
    assert xlsx_rows(b"".join(xlsx_file([[text]]))) == [[text[:32_767]]]


def test_what_no_xml_may_hold_does_not_break_the_workbook() -> None:
    assert xlsx_rows(b"".join(xlsx_file([["a\x01b\ufffe", "\ud800"]]))) == [["a\ufffdb\ufffd", "\ufffd"]]


def test_numbers_and_times_are_numbers_and_times() -> None:
    at = datetime(2026, 3, 1, 15, 30, 5, tzinfo=UTC)
    row: list[Cell] = [Decimal("-12480.50"), 7, True, None, at, date(2026, 3, 1)]
    assert csv_rows(b"".join(csv_file([row]))) == [
        ["-12480.50", "7", "True", "", "2026-03-01 15:30:05+00:00", "2026-03-01"]
    ]
    (found,) = xlsx_rows(b"".join(xlsx_file([["heading"] * 6, row])))[1:]
    assert found == [-12480.5, 7, True, None, datetime(2026, 3, 1, 15, 30, 5), datetime(2026, 3, 1)]  # noqa: DTZ001


def test_a_long_file_leaves_in_parts() -> None:
    rows = [["x" * 100, str(number)] for number in range(5000)]
    for write, read in ((csv_file, csv_rows), (xlsx_file, xlsx_rows)):
        parts = list(write(rows))
        assert len(parts) > 3
        assert read(b"".join(parts)) == rows


@pytest.mark.django_db
@pytest.mark.parametrize(("format", "read"), [("csv", csv_rows), ("xlsx", xlsx_rows)])
def test_exactly_the_filtered_rows_leave_and_are_written_down(format: str, read: Any) -> None:
    wanted = [make_document(Status.HELD, customer_name="=Ana", total=Decimal("113.00")) for _each in range(2)]
    make_document(Status.STAMPED)
    client = signed_in(VIEW, EXPORT)
    answer = client.post(f"{LIST}export/?status__exact=held", {"format": format})
    head, *rows = read(content(answer))
    assert head[:4] == ["Mode", "State", "Kind", "Reference"]
    assert [row[3] for row in rows] == [each.reference for each in reversed(wanted)]
    assert (rows[0][0], rows[0][1], rows[0][7]) == ("TEST", "Held", "'=Ana")
    assert str(rows[0][10]) in ("113.00", "113.0")
    assert answer["Content-Disposition"].startswith('attachment; filename="sello-TEST-document-')
    record = Export.objects.get()
    assert (record.model, record.filters, record.format, record.rows, record.livemode) == (
        "smartbill.document", "status__exact=held", format, 2, False,
    )  # fmt: skip
    assert record.finished_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_file_that_breaks_off_has_no_end_in_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.admin.sheets.CHUNK", 10)
    for _each in range(3):
        make_document()
    answer = signed_in(VIEW, EXPORT).post(f"{LIST}export/", {"format": "csv"})
    next(iter(answer.streaming_content))
    # As a server does it when the browser went away.
    answer.close()
    record = Export.objects.get()
    assert (record.finished_at, record.rows < 3) == (None, True)


@pytest.mark.django_db
@pytest.mark.parametrize(("rights", "format"), [([VIEW], "csv"), ([EXPORT], "csv"), ([VIEW, EXPORT], "exe")])
def test_without_the_right_nothing_leaves_and_nothing_is_written(rights: list[str], format: str) -> None:
    assert signed_in(*rights).post(f"{LIST}export/", {"format": format}).status_code == 403
    assert not Export.objects.exists()


@pytest.mark.django_db
def test_a_link_or_a_foreign_page_exports_nothing() -> None:
    client = signed_in(VIEW, EXPORT)
    assert client.get(f"{LIST}export/", {"format": "csv"}).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(f"{LIST}export/", {"format": "csv"}).status_code == 403
    assert not Export.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("is_offered", [True, False])
def test_the_list_offers_the_file_to_whoever_may_have_it(is_offered: bool) -> None:
    make_document()
    page = signed_in(VIEW, *([EXPORT] if is_offered else [])).get(LIST).content.decode()
    assert ('action="export/' in page) is is_offered


@pytest.mark.django_db
def test_the_name_of_a_file_of_live_rows_says_so() -> None:
    make_document()
    with override_settings(STRIPE_LIVE_MODE=True):
        answer = signed_in(VIEW, EXPORT).post(f"{LIST}export/", {"format": "csv"})
    assert 'filename="sello-LIVE-document-' in answer["Content-Disposition"]
    assert content(answer)


@pytest.mark.django_db
def test_sales_reversals_and_messages_leave_too() -> None:
    sale = make_reversed_sale()
    make_reversal(sale=sale)
    SaleFactory.create(outcome="held", reasons=[{"code": "x", "field": "", "message": "why"}])
    MessageFactory.create(recipient="=x@example.com")
    client = signed_in(is_superuser=True)
    lengths = {}
    for name in ("billing/sale", "billing/reversal", "notifications/message"):
        rows = csv_rows(content(client.post(f"/admin/{name}/export/", {"format": "csv"})))
        lengths[name] = len(rows) - 1
        assert len({len(row) for row in rows}) == 1
    assert lengths == {"billing/sale": 2, "billing/reversal": 1, "notifications/message": 1}
    page = client.get("/admin/config/export/").content.decode()
    assert page.count("complete") >= 3


@pytest.mark.django_db
def test_a_sheet_takes_no_more_than_its_format_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.admin.export.MOST_IN_XLSX", 2)
    monkeypatch.setattr("config.admin.lists.MOST_COUNTED", 1)
    for _each in range(3):
        make_document()
    answer = signed_in(VIEW, EXPORT).post(f"{LIST}export/", {"format": "xlsx"})
    assert (answer.status_code, Export.objects.exists()) == (302, False)
