"""Rows of an export as CSV or XLSX, written while they are read: a million lines need no more memory than one.

What a customer typed is a text and stays one: a cell that a spreadsheet might take for a formula gets an apostrophe.
Amounts and times are written as numbers and times, not as texts.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias
from xml.sax.saxutils import escape

from django.utils.timezone import localtime

Cell: TypeAlias = str | int | bool | Decimal | date | datetime | None
CHUNK = 64 * 1024
MOST_IN_XLSX = 1_048_575
"""Rows that a sheet takes beside its heading."""
LONGEST = 32_767
"""Characters that a cell of a sheet takes."""

FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n\x00]")
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
EPOCH = date(1899, 12, 30).toordinal()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def csv_file(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a CSV by RFC 4180 in UTF-8, with the mark by which Excel knows it."""
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
        if buffer.tell() >= CHUNK:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return harmless(cell)
        case datetime():
            return localtime(cell).isoformat(sep=" ", timespec="seconds")
        case Decimal():
            return f"{cell:f}"
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def xlsx_file(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """Yield a workbook of one sheet. Its texts stand in their cells, not in a table that would have to be kept."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(SHEET_BEGIN.encode())
            waiting: list[str] = []
            size = 0
            for number, row in enumerate(rows):
                style = 3 if number == 0 else 0
                line = "".join(_xlsx_cell(cell, style) for cell in row)
                waiting.append(f"<row>{line}</row>")
                size += len(line)
                if size >= CHUNK:
                    sheet.write("".join(waiting).encode("utf-8", "replace"))
                    waiting.clear()
                    size = 0
                    yield sink.taken()
            sheet.write("".join(waiting).encode("utf-8", "replace"))
            sheet.write(SHEET_END.encode())
    yield sink.taken()


def _xlsx_cell(cell: Cell, style: int) -> str:
    match cell:
        case None | "":
            return "<c/>"
        case str():
            text = escape(NOT_IN_XML.sub("\ufffd", harmless(cell)[:LONGEST]))
            return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
        case bool():
            return f'<c t="b"><v>{int(cell)}</v></c>'
        case int() | Decimal():
            return f"<c><v>{cell:f}</v></c>" if isinstance(cell, Decimal) else f"<c><v>{cell}</v></c>"
        case datetime():
            local = localtime(cell)
            seconds = local.hour * 3600 + local.minute * 60 + local.second
            days = Decimal(local.date().toordinal() - EPOCH) + round(Decimal(seconds) / 86400, 9)
            return f'<c s="2"><v>{days:f}</v></c>'
        case date():
            return f'<c s="1"><v>{cell.toordinal() - EPOCH}</v></c>'


class _Sink(io.RawIOBase):
    """What the archive writes to: it cannot go back, and what was written is taken away at once."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        found = b"".join(self._parts)
        self._parts.clear()
        return found


XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS = {
    "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="Sello" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'{XML}<styleSheet xmlns="{MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
"""The parts of a workbook that are the same in each."""
SHEET_BEGIN = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
SHEET_END = "</sheetData></worksheet>"
