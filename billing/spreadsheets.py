"""Rows of a CSV or XLSX file as text, with the place of each cell; what is hostile or too large is refused.

Of a workbook the first sheet is read, as values: formulas are not computed, and entities of XML are not read at all.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from billing.errors import UnreadableFile

MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 20 * 1024 * 1024
MOST_ROWS = 5000
MOST_COLUMNS = 60
XLSX = b"PK\x03\x04"
SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,  # a packed part whose bytes were changed
    EOFError,  # one that was cut
    OSError,  # a place outside of the file
    RuntimeError,  # encrypted; NotImplementedError: packed in a way that nobody unpacks
    ElementTree.ParseError,
    IndexError,  # no sheet, or a text that the list of texts does not have
    ValueError,  # a number that is none
)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


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
        if len(rows) > MOST_ROWS + 1 or len(row.cells) > MOST_COLUMNS:
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
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            sheets = sorted((int(found[1]), name) for name in book.namelist() if (found := SHEET.fullmatch(name)))
            shared = _shared(_part(book, "xl/sharedStrings.xml")) if "xl/sharedStrings.xml" in book.namelist() else []
            sheet = _part(book, sheets[0][1])
        for number, row in enumerate(sheet.iter(f"{MAIN}row"), start=1):
            yield SheetRow(int(row.get("r") or number), _cells(row, shared))
    except DAMAGED as error:
        raise UnreadableFile(_("The XLSX file is damaged, encrypted or empty: save it again.")) from error


def _part(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with book.open(name) as file:
        raw = file.read(MOST_UNPACKED + 1)
    if len(raw) > MOST_UNPACKED or b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise UnreadableFile(_("The XLSX file holds more than a table, or far too much: save the table alone."))
    return ElementTree.fromstring(raw)  # noqa: S314 - without a document type there is nothing to expand


def _shared(root: ElementTree.Element) -> list[str]:
    return ["".join(part.text or "" for part in item.iter(f"{MAIN}t")) for item in root.iter(f"{MAIN}si")]


def _cells(row: ElementTree.Element, shared: list[str]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{MAIN}c"):
        found = CELL.fullmatch(cell.get("r") or "")
        index = _index(found[1]) if found else len(cells)
        if index >= MOST_COLUMNS:
            raise UnreadableFile(_("The file has more than 5,000 rows or 60 columns: split it."))
        cells += [""] * (index + 1 - len(cells))
        cells[index] = _value(cell, shared)
    return cells


def _index(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _value(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    raw = cell.findtext(f"{MAIN}v") or ""
    return shared[int(raw)] if cell.get("t") == "s" else raw
