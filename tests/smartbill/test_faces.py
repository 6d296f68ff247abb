"""Page and PDF print what was frozen, in the customer's language and the country's way of writing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from smartbill.drafts import Conversion, Line, Party
from smartbill.faces import face_of, hash_of_face
from smartbill.pdf import render_pdf
from smartbill.providers.base import Identifiers
from smartbill.services.accept import accept
from smartbill.services.create import create_document
from smartbill.services.credit import issue_credit_note
from tests.factories.smartbill import COMPANY, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db
CODE, SEAL = "3F2504E0-4F89-41D3-9A0C-0305E82C3301", "2026" + "A" * 36


def issued(draft, *, seal=SEAL):
    document = create_document(draft=draft)
    assert document.status == "ready", document.reason
    document.move_to("submitting")
    at = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)
    accept(
        document,
        Identifiers(generation_code=CODE, control_number="DTE-01-M001P001-000000000000001", seal=seal, issued_at=at),
    )
    return document


def test_a_factura_prints_prices_with_tax_and_the_tax_contained():
    face = face_of(issued(make_draft(IssuerFactory())))
    assert face["lines"] == [
        {
            "description": "Suscripción",
            "quantity": "1",
            "price": "$113.00",
            "discount": "",
            "amount": "$113.00",
            "note": "",
        }
    ]
    assert [amount for _label, amount in face["totals"]] == ["$113.00", "$13.00"]
    assert face["total"] == "$113.00"


def test_terms_are_printed_line_by_line_on_the_page_and_in_the_pdf():
    document = issued(make_draft(IssuerFactory(), notes="Pago a 30 días\nSin devoluciones"))
    face = face_of(document)
    assert face["notes"] == ["Pago a 30 días", "Sin devoluciones"]
    assert len(render_pdf(face)) > len(render_pdf(face | {"notes": []}))


def test_a_ccf_prints_net_prices_and_the_tax_on_top():
    issuer = IssuerFactory()
    line = Line(description="Plan", quantity=Decimal(3), subtotal=Decimal("339.00"), tax_rate=Decimal(13))
    draft = make_draft(issuer, total="339.00", kind="ccf", party=COMPANY, lines=(line,))
    face = face_of(issued(draft))
    assert face["lines"][0]["amount"] == "$300.00"
    assert [amount for _label, amount in face["totals"]] == ["$300.00", "$39.00"]


def test_the_day_of_issue_is_the_local_day_of_the_issuer():
    face = face_of(issued(make_draft(IssuerFactory())))
    assert "20 de noviembre de 2026" in face["issued_on"]
    assert "fechaEmi=2026-11-20" in face["public_url"]


def test_a_late_seal_changes_the_face_and_nothing_else_does():
    document = issued(make_draft(IssuerFactory()), seal="")
    before = hash_of_face(face_of(document))
    assert hash_of_face(face_of(document)) == before
    document.move_to("stamped", seal=SEAL)
    assert hash_of_face(face_of(document)) != before


def test_the_pdf_carries_the_data_file_and_prints_hostile_text_as_text():
    issuer = IssuerFactory()
    name = '#panic("x") $x$ *b* <script> #read("/etc/passwd") \u202e\u0007 👩‍💻 محمد 李 Ñandú ș ț'
    document = issued(make_draft(issuer, party=make_draft(issuer).party.__class__(name=name)))
    pdf = render_pdf(face_of(document), data_file=b'{"a": 1}', at=document.issued_at)
    assert pdf.startswith(b"%PDF-")
    assert b"document.json" in pdf
    assert render_pdf(face_of(document), data_file=b'{"a": 1}', at=document.issued_at) == pdf


def test_a_converted_document_shows_both_amounts_and_the_rate_on_page_and_pdf():
    draft = make_draft(IssuerFactory())
    on = date(2026, 11, 20)
    rate = Conversion(currency="EUR", total=Decimal("104.27"), rate=Decimal("1.0837"), on=on, source="BCE")
    face = face_of(issued(replace(draft, conversion=rate)))
    assert face["total"] == "$113.00"
    assert face["charged"] == [
        ["Cobrado", "104.27 euros"],
        ["Tipo de cambio", "1 EUR = 1.0837 USD (BCE, 20 de noviembre de 2026)"],
    ]
    assert render_pdf(face).startswith(b"%PDF-")


def test_a_document_in_the_currency_that_was_charged_says_nothing_of_a_rate():
    assert face_of(issued(make_draft(IssuerFactory())))["charged"] == []


def test_a_credit_note_says_what_it_corrects_and_why():
    issuer = IssuerFactory()
    original = issued(make_draft(issuer, kind="ccf", party=COMPANY))
    at = datetime(2026, 11, 22, 18, tzinfo=UTC)
    note = issue_credit_note(original, key="1.0", amount=Decimal("33.33"), description="Devolución", at=at)
    note.move_to("submitting")
    accept(note, Identifiers(generation_code=f"{CODE[:-1]}2", seal=SEAL, issued_at=at))
    face = face_of(note)
    assert face["title"] == "Nota de crédito"
    assert ["Corrige", "DTE-01-M001P001-000000000000001 (20 de noviembre de 2026)"] in face["identifiers"]
    assert ["Motivo", "Devolución"] in face["identifiers"]
    assert (face["total"], [amount for _label, amount in face["totals"]]) == ("$33.33", ["$29.50", "$3.83"])
    assert face["payments"] == []
    assert render_pdf(face, at=at).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("party", "name", "is_told"),
    [
        (Party(name="Ana López"), "Ana López", True),
        (Party(name="Ana López", tax_id="000000000", tax_id_type="dui"), "Ana López", False),
        (Party(), "Final consumer", False),
    ],
)
def test_a_name_that_was_not_reported_says_so_on_page_and_pdf(party, name, is_told):
    face = face_of(issued(make_draft(IssuerFactory(), language="en", party=party)))
    assert (face["buyer"]["name"], "consumer without name" in face["buyer"]["note"]) == (name, is_told)
    assert render_pdf(face).startswith(b"%PDF-")
