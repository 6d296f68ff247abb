import io
import zipfile

import pytest

from billing.errors import UnreadableFile
from billing.spreadsheets import column_name, read_rows

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def workbook(sheet, shared="", **parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", f"<worksheet {MAIN}><sheetData>{sheet}</sheetData></worksheet>")
        if shared:
            book.writestr("xl/sharedStrings.xml", f"<sst {MAIN}>{shared}</sst>")
        for name, text in parts.items():
            book.writestr(name.replace("__", "/") + ".xml", text)
    return file.getvalue()


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


def test_a_workbook_with_shared_inline_and_numeric_cells_and_gaps():
    sheet = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>'
        '<row r="7"><c r="A7" t="inlineStr"><is><t>cus_1</t></is></c><c r="C7"><v>6140101011012</v></c></row>'
    )
    content = workbook(sheet, "<si><t>customer_id</t></si><si><r><t>n</t></r><r><t>it</t></r></si>")
    assert cells(content) == [(1, ["customer_id", "", "nit"]), (7, ["cus_1", "", "6140101011012"])]


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04 but no archive",
        workbook("<row><c r='A1' t='s'><v>9</v></c></row>"),
        workbook("<row>"),
        workbook('<row r="x"></row>'),
        b"a,b\x00\n",
        b'a,b\n"1,2\n',
        b"a,b\n" + b"x" * (2 * 1024 * 1024),
        b"a\n" + b"1\n" * 5001,
        (",".join("abcdefgh" * 10) + "\n").encode(),
        workbook('<row r="1"><c r="ZZ1"><v>1</v></c></row>'),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(content):
    with pytest.raises(UnreadableFile) as refused:
        read_rows(content)
    assert len(str(refused.value)) > 20


def test_a_workbook_with_any_byte_changed_is_read_or_refused_and_never_breaks_off():
    content = bytearray(workbook("<row><c r='A1' t='s'><v>0</v></c></row>", "<si><t>customer_id</t></si>"))
    ends = set()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        try:
            read_rows(bytes(changed))
            ends.add("read")
        except UnreadableFile:
            ends.add("refused")
    assert ends == {"read", "refused"}


def test_entities_are_not_expanded():
    bomb = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet {MAIN}><sheetData/></worksheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", bomb)
    with pytest.raises(UnreadableFile):
        read_rows(file.getvalue())


def test_an_archive_that_swells_is_not_unpacked():
    content = workbook("<row r='1'><c r='A1'><v>" + " " * (21 * 1024 * 1024) + "</v></c></row>")
    assert len(content) < 200_000
    with pytest.raises(UnreadableFile):
        read_rows(content)


@pytest.mark.parametrize(("index", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (59, "BH")])
def test_columns_are_named_as_people_see_them(index, name):
    assert column_name(index) == name
