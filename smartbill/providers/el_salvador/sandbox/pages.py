"""What people see: the page and the PDF of one document, and the list in which staff search the platform.

In Spanish alone, like the remote it stands for.
"""

from html import escape

from smartbill.providers.el_salvador.sandbox.clock import FISCAL_ZONE
from smartbill.providers.el_salvador.sandbox.envelopes import Answer, html_answer
from smartbill.providers.el_salvador.sandbox.records import Issued
from smartbill.providers.el_salvador.sandbox.store import Store

PLATFORM = "/platform"
_BUTTON = '<form method="post"><button>Enviar los documentos en contingencia</button></form>'
_SEARCH = '<form><input name="search" value="{}"><button>Buscar</button></form>'
_HEADINGS = ("Emisión", "Número de control", "Código de generación", "Receptor", "Total", "Textos", "Sello")


class Pages:
    """The public pages of the documents and the private list of the platform."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def platform(self, search: str) -> Answer:
        """Answer with the list that a search finds, newest first, and the button that ends a contingency."""
        head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
        rows = "".join(_row(document) for document in reversed(self._store.documents(search)))
        table = f"<table border=1><tr>{head}</tr>{rows}</table>"
        return html_answer(200, "Documentos", content=_SEARCH.format(escape(search)) + _BUTTON + table)

    def answer(self, name: str) -> Answer:
        """Answer `<code>` with a page and `<code>.pdf` with a PDF."""
        code = name.removesuffix(".pdf")
        document = next((one for one in self._store.documents() if one.code == code), None)
        if document is None:
            return html_answer(404, "There is no such document")
        if name.endswith(".pdf"):
            return Answer(status=200, body=_pdf(_facts(document)), content_type="application/pdf")
        rows = "".join(f"<p>{escape(fact)}</p>" for fact in _facts(document))
        return html_answer(200, document.control_number, content=rows)


def _state(document: Issued) -> str:
    return "INVALIDADO" if document.invalidation else (document.seal or "pendiente de sello")


def _row(document: Issued) -> str:
    issued = document.issued_at.astimezone(FISCAL_ZONE).strftime("%Y-%m-%d %H:%M:%S")
    cells = (issued, document.control_number, document.code, document.receiver, f"{document.total:f}")
    texts = (*cells, " / ".join(document.texts), _state(document))
    return "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"


def _facts(document: Issued) -> list[str]:
    return [
        document.control_number,
        f"Codigo de generacion: {document.code}",
        f"Receptor: {document.receiver}",
        f"Total: USD {document.total:f}",
        f"Sello: {_state(document)}",
    ]


def _pdf(lines: list[str]) -> bytes:
    """Build the smallest readable PDF: one page, one font, these lines."""
    text = " T* ".join(f"({line.translate(_ESCAPES)}) Tj" for line in lines)
    content = f"BT /F1 11 Tf 14 TL 50 780 Td {text} ET".encode("latin-1", "replace")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    )
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    out += b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


_ESCAPES = str.maketrans({"(": r"\(", ")": r"\)", "\\": r"\\"})
