import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from billing.errors import UnreadableFile
from billing.spreadsheets import column_name, read_rows

SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows):
    """Return an XLSX file whose first sheet has these rows; None leaves a cell out."""
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def with_part(content, text, name=SHEET):
    """Return the file with one part of the archive replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            new.writestr(part, text if part == name else old.read(part))
    return file.getvalue()


def sheet(inside):
    """Return a workbook whose sheet has this XML between its tags."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return with_part(workbook(), f"<worksheet {main}><sheetData>{inside}</sheetData></worksheet>")


def cells(content):
    return [(row.number, row.cells) for row in read_rows(content)]


@pytest.mark.parametrize(
    "content",
    [
        b"customer_id,nit\ncus_1,0614\n",
        "\ufeffcustomer_id;nit\r\ncus_1;0614\r\n".encode(),
        b"customer_id\tnit\ncus_1\t0614",
    ],
)
def test_a_csv_by_any_separator(content):
    assert cells(content) == [(1, ["customer_id", "nit"]), (2, ["cus_1", "0614"])]


def test_a_csv_of_a_spanish_windows_keeps_its_letters():
    assert cells("customer_id;legal_name\ncus_1;Ñandú".encode("cp1252"))[1] == (2, ["cus_1", "Ñandú"])


def test_empty_rows_are_passed_over_and_keep_their_number():
    assert cells(b"a,b\n,\n\n1,2\n") == [(1, ["a", "b"]), (4, ["1", "2"])]


def test_a_workbook_with_gaps_numbers_days_and_a_far_row():
    content = workbook(
        ["customer_id", None, "nit"], *[[]] * 5, ["cus_1", True, 6140101011012], ["cus_2", 0.5, date(2026, 11, 21)]
    )
    assert cells(content) == [
        (1, ["customer_id", "", "nit"]),
        (7, ["cus_1", "True", "6140101011012"]),
        (8, ["cus_2", "0.5", "2026-11-21"]),
    ]


def test_a_number_kept_with_a_fraction_of_zero_is_the_number_that_was_typed():
    assert cells(sheet('<row r="1"><c r="A1"><v>6140101011012.0</v></c></row>')) == [(1, ["6140101011012"])]


def test_a_sheet_that_lies_about_its_size_is_read_whole():
    inside = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    lying = f'<worksheet {main}><dimension ref="A1:A1"/><sheetData>{inside}</sheetData></worksheet>'
    assert cells(with_part(workbook(), lying)) == [(1, ["1"]), (2, ["2"])]


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 but no archive",
        sheet("<row><c r='A1' t='s'><v>9</v></c></row>"),
        sheet("<row>"),
        sheet('<row r="x"></row>'),
        sheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
        b"a,b\x00\n",
        b'a,b\n"1,2\n',
        b"a,b\n" + b"x" * (2 * 1024 * 1024),
        b"a\n" + b"1\n" * 5001,
        (",".join("abcdefgh" * 10) + "\n").encode(),
        sheet('<row r="1"><c r="ZZ1"><v>1</v></c></row>'),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(content):
    with pytest.raises(UnreadableFile) as refused:
        read_rows(content)
    assert len(str(refused.value)) > 20


def test_a_workbook_with_any_byte_changed_is_read_or_refused_and_never_breaks_off():
    content = bytearray(workbook(["customer_id"]))
    ends = set()
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        try:
            read_rows(bytes(changed))
            ends.add("read")
        except UnreadableFile:
            ends.add("refused")
    assert ends == {"read", "refused"}


def test_entities_are_refused():
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row>'
    bomb = f'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet {main}><sheetData>{cell}</sheetData></worksheet>'
    with pytest.raises(UnreadableFile):
        read_rows(with_part(workbook(), bomb))
    assert cells(sheet(cell.replace("&a;", "aaaa"))) == [(1, ["aaaa"])]


def test_an_archive_that_swells_is_not_unpacked():
    content = sheet("<row r='1'><c r='A1'><v>" + " " * (21 * 1024 * 1024) + "</v></c></row>")
    assert len(content) < 200_000
    with pytest.raises(UnreadableFile, match="too much"):
        read_rows(content)


@pytest.mark.parametrize(("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (59, "BH")])
def test_columns_are_named_as_people_see_them(index, name):
    assert column_name(index) == name
