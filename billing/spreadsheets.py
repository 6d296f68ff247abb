"""Rows of a CSV or XLSX file as text, with the place of each cell; what is hostile or too large is refused.

Of a workbook the first sheet is read, as values: formulas are not computed, and entities of XML are refused (openpyxl
does so where defusedxml is installed).
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils.translation import gettext as _
from openpyxl import load_workbook

from billing.errors import UnreadableFile

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 20 * 1024 * 1024
MOST_ROWS = 5000
MOST_NUMBER = 4 * MOST_ROWS  # with the empty rows between
MOST_COLUMNS = 60
XLSX = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its number as people see it, and the text of its cells."""

    number: int
    cells: list[str]


def read_rows(content: bytes) -> list[SheetRow]:
    """Return the rows that hold anything, the first of which is the heading. Raises UnreadableFile with the reason."""
    if len(content) > MOST_BYTES:
        raise UnreadableFile(_("The file is larger than 2 MB: split it."))
    rows = []
    for row in _xlsx(content) if content.startswith(XLSX) else _csv(content):
        if any(cell.strip() for cell in row.cells):
            rows.append(row)
        if len(rows) > MOST_ROWS + 1 or row.number > MOST_NUMBER or len(row.cells) > MOST_COLUMNS:
            raise UnreadableFile(_("The file has more than 5,000 rows or 60 columns: split it."))
    return rows


def column_name(index: int) -> str:
    """Return the letters of a column, A for 0."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _csv(content: bytes) -> Iterator[SheetRow]:
    text = _text(content)
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from (SheetRow(number, cells) for number, cells in enumerate(reader, start=1))
    except csv.Error as error:
        text = _("Line %(line)s of the file is no CSV: a quotation mark is open or wrong.")
        raise UnreadableFile(text % {"line": reader.line_num}) from error


def _text(content: bytes) -> str:
    if b"\x00" in content:
        raise UnreadableFile(_("This is neither a CSV in UTF-8 nor an XLSX file."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel writes as CSV on a Spanish Windows; every byte but five has a character there.
        return content.decode("cp1252", "replace")


def _xlsx(content: bytes) -> Iterator[SheetRow]:
    try:
        yield from _sheet(content)
    except UnreadableFile:
        raise
    except Exception as error:
        # openpyxl trusts its file: of damage come exceptions of a dozen kinds, from zlib's to AttributeError.
        raise UnreadableFile(_("The XLSX file is damaged, encrypted or empty: save it again.")) from error


def _sheet(content: bytes) -> Iterator[SheetRow]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
            raise UnreadableFile(_("The XLSX file holds more than a table, or far too much: save the table alone."))
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # what the file says of its own size is not believed
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield SheetRow(number, [_text_of(value) for value in row])


def _text_of(value: object) -> str:
    """Return a cell as a person typed it: a tax id that the workbook keeps as a number has no decimals."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time.min:
        value = value.date()
    return value.isoformat() if isinstance(value, date) else str(value)
