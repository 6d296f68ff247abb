"""The PDF of a document: typst, PDF/A-3 with the authority's data file attached.

Values enter as JSON and can never become markup. Fonts are ours alone, so that a PDF looks the same everywhere.
"""

import json
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import segno
import typst
from django.conf import settings

from smartbill.fonts import fonts_folder, printable

TEMPLATE = "document.typ"
DATA_FILE = "document.json"


def render_pdf(face: dict[str, Any], *, data_file: bytes = b"", at: datetime | None = None) -> bytes:
    """Return the PDF/A-3b of a face (`faces.face_of`), with `data_file` attached when there is one.

    Deterministic for the same face, file and time.
    """
    folder = Path(settings.BASE_DIR) / "templates" / "pdf"
    with TemporaryDirectory(prefix="sello-pdf-") as scratch:
        root = Path(scratch)
        (root / TEMPLATE).write_bytes(_template(folder))
        (root / "qr.svg").write_bytes(qr_svg(face["public_url"]))
        if data_file:
            (root / DATA_FILE).write_bytes(data_file)
        pdf: bytes = typst.compile(
            str(root / TEMPLATE),
            root=str(root),
            font_paths=[str(fonts_folder())],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={
                "face": json.dumps(printable(face), ensure_ascii=False),
                "attached": "yes" if data_file else "",
            },
            pdf_standards=["a-3b"],
            timestamp=int(at.timestamp()) if at else None,
        )
    return pdf


@cache
def _template(folder: Path) -> bytes:
    return (folder / TEMPLATE).read_bytes()


def qr_svg(url: str) -> bytes:
    """Return the QR code of an address as SVG, dark on nothing, four modules of quiet zone."""
    out = BytesIO()
    segno.make(url, error="m").save(out, kind="svg", border=2, xmldecl=True, svgns=True, omitsize=True)
    return out.getvalue()
