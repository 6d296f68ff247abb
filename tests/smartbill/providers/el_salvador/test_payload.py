"""The exact bytes of every kind of request, and each choice that changes them."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from smartbill.drafts import Draft, Payment
from tests.smartbill.providers.el_salvador.builders import (
    COMPANY,
    CONSUMER,
    FOREIGNER,
    credit_note,
    line,
    provider,
    sale,
)

GOLDEN = Path(__file__).parent / "golden"
REFERENCE = "K7WXYZ2345"
NAMED = replace(
    CONSUMER,
    tax_id="00000000-0",
    tax_id_type="dui",
    phone="2222 3333",
    address=replace(COMPANY.address, line="  Calle   Arce\n100 "),
)
TWO_PAYMENTS = (
    Payment(method="card_debit", amount=Decimal("50.00"), reference="pi_2"),
    Payment(method="cash", amount=Decimal("63.00"), reference="till 4"),
)
DRAFTS: dict[str, tuple[Draft, dict[str, Any]]] = {
    "factura-anonymous": (sale(), {}),
    "factura-named": (sale(line("100.00", "3", code="SKU-1", unit="unit"), line("13.00"), party=NAMED,
                           payments=TWO_PAYMENTS), {}),
    "factura-credit": (sale(line("-20.00", description="Tiempo sin usar"), line("133.00", tax_class="exempt"),
                            line("50.00", discount="10.00")), {}),
    "ccf": (sale(line("19.99"), line("113.00", "2", discount="13.00"), kind="ccf"), {}),
    "ccf-rounding": (sale(line("1.00"), kind="ccf"), {"rounding_line": True}),
    "fex": (sale(line("19.99", "7"), kind="export"), {}),
    "fex-identified": (sale(kind="export", party=replace(FOREIGNER, tax_id="EIN 12-3456789", tax_id_type="other",
                                                         phone="+1 555 0100 200")), {"mails_customer": True}),
    "credit-note": (credit_note("aaaa0001-0000-4000-8000-000000000001", "33.33"), {}),
}  # fmt: skip


def sent(draft: Draft, **terms: Any) -> dict[str, Any]:
    request = provider(**terms).submission(draft, REFERENCE)
    body: dict[str, Any] = json.loads(request.body, parse_float=Decimal)["dteJson"]
    return body


@pytest.mark.parametrize("name", DRAFTS)
def test_the_request_is_the_recorded_one_byte_by_byte(name: str) -> None:
    draft, terms = DRAFTS[name]
    assert provider(**terms).problems(draft) == []
    body = provider(**terms).submission(draft, REFERENCE).body
    assert body.decode() == (GOLDEN / f"{name}.json").read_text().rstrip("\n")
    assert provider(**terms).submission(draft, REFERENCE).body == body


@pytest.mark.parametrize(("kind", "route"), [("factura", "factura"), ("ccf", "ccf"), ("export", "fex")])
def test_each_kind_has_its_route(kind: str, route: str) -> None:
    assert provider().submission(sale(kind=kind), REFERENCE).route == route


def test_a_draft_that_was_stored_gives_the_same_bytes() -> None:
    draft, _terms = DRAFTS["ccf"]
    stored = Draft.from_json(json.loads(json.dumps(draft.as_json())))
    assert provider().submission(stored, REFERENCE) == provider().submission(draft, REFERENCE)


@pytest.mark.parametrize(("kind", "email"), [("factura", None), ("ccf", "facturas@acme.example"),
                                             ("export", "facturas@acme.example")])  # fmt: skip
def test_the_customers_address_stays_here_unless_the_provider_is_to_mail(kind: str, email: str | None) -> None:
    party = {"factura": NAMED, "ccf": COMPANY, "export": FOREIGNER}[kind]
    draft = sale(kind=kind, party=party)
    assert party.email not in provider().submission(draft, REFERENCE).body.decode()
    assert sent(draft)["receptor"]["email"] == email
    assert sent(draft, mails_customer=True)["receptor"]["email"] == party.email


def test_a_consumer_without_identity_is_anonymous_whatever_else_is_known() -> None:
    assert sent(sale(party=replace(NAMED, tax_id="")), mails_customer=True)["receptor"] == "Others"


def test_a_nit_of_nine_digits_goes_as_the_dui_it_is() -> None:
    receptor = sent(sale(party=replace(NAMED, tax_id="00000000-0", tax_id_type="nit")))["receptor"]
    assert (receptor["documentType"], receptor["identification"]) == ("dui", "000000000")
    assert sent(sale(kind="ccf", party=replace(COMPANY, tax_id="00000000-0")))["receptor"]["nit"] == "000000000"


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("passport", "pasaporte"),
        ("resident_card", "carnetResidente"),
        ("other", "otro"),
        ("dui", "dui"),
        ("nit", "nit"),
    ],
)
def test_identity_documents_have_the_providers_words(kind: str, word: str) -> None:
    number = {"dui": "000000000", "nit": "06140000000026"}.get(kind, "A-1 2")
    receptor = sent(sale(party=replace(NAMED, tax_id=number, tax_id_type=kind)))["receptor"]
    assert (receptor["documentType"], receptor["identification"]) == (word, number)


def test_half_an_address_of_a_consumer_is_left_out() -> None:
    party = replace(NAMED, address=replace(NAMED.address, municipality=""))
    assert sent(sale(party=party))["receptor"]["address"] is None


@override_settings(SMARTBILL_SV_CONTRACT={"address.send_district": True})
def test_a_district_is_sent_where_the_contract_says_so() -> None:
    assert sent(sale(kind="ccf"))["receptor"]["address"] == {
        "departament": "06",
        "town": "23",
        "details": "Calle Arce 100",
        "district": "14",
    }


@override_settings(SMARTBILL_SV_CONTRACT={"address.send_district": True})
def test_a_consumers_address_without_the_district_is_half_an_address() -> None:
    assert sent(sale(party=replace(NAMED, address=replace(NAMED.address, district=""))))["receptor"]["address"] is None


@pytest.mark.parametrize(
    ("method", "code"),
    [("cash", "01"), ("card_debit", "02"), ("card_credit", "03"), ("transfer", "05"), ("wallet", "09"),
     ("crypto", "12"), ("other", "99")],
)  # fmt: skip
def test_payment_methods_have_the_catalogues_codes(method: str, code: str) -> None:
    draft = sale(payments=(Payment(method=method, amount=Decimal("113.00"), reference="in_1"),))
    (payment,) = sent(draft)["payments"]
    assert payment == {"method": code, "amount": 113, "reference": None if method == "cash" else "in_1"}


def test_a_document_of_zero_has_one_entry_of_zero() -> None:
    draft = sale(line("100.00", discount="100.00"), payments=())
    assert sent(draft)["payments"] == [{"method": "99", "amount": 0, "reference": None}]
    assert sent(draft)["paymentCondition"] == "contado"


@pytest.mark.parametrize(
    ("placement", "notes", "appendix"),
    [
        ("notes", "Ref. K7WXYZ2345", None),
        ("appendix", None, [{"field": "referencia", "label": "Referencia", "value": REFERENCE}]),
        ("none", None, None),
    ],
)
def test_the_reference_stands_where_the_contract_places_it(placement: str, notes: Any, appendix: Any) -> None:
    with override_settings(SMARTBILL_SV_CONTRACT={"reference.placement": placement}):
        body = sent(sale())
    assert (body["notes"], body["appendix"]) == (notes, appendix)


def test_goods_carry_their_customs_data() -> None:
    customs = {"fiscalPrecinct": "01", "regimeType": "EX-1", "regime": "1000.000", "incoterms": "09"}
    with override_settings(SMARTBILL_SV_CONTRACT={"export.customs": customs}):
        assert sent(sale(line("10.00", unit="unit"), kind="export"))["exportData"] == {"itemType": "bienes", **customs}
        assert sent(sale(kind="export"))["exportData"] == {"itemType": "servicios"}


def test_every_name_can_be_changed_by_the_contract() -> None:
    with override_settings(SMARTBILL_SV_CONTRACT={"field.product.unitPrice": "price", "envelope.emission": "dte"}):
        body = json.loads(provider().submission(sale(), REFERENCE).body)
    assert body["dte"]["products"][0]["price"] == 113


@pytest.mark.parametrize(
    ("envelope", "body"),
    [("body", b'{"body":{"document":"AAAA0001-0000-4000-8000-00000000000F"}}'),
     ("", b'{"document":"AAAA0001-0000-4000-8000-00000000000F"}')],
)  # fmt: skip
def test_requests_about_a_document_name_its_code(envelope: str, body: bytes) -> None:
    code = "aaaa0001-0000-4000-8000-00000000000f"
    with override_settings(SMARTBILL_SV_CONTRACT={"envelope.document": envelope}):
        assert (provider().invalidation(code).route, provider().invalidation(code).body) == ("invalidate", body)
        assert (provider().reading(code).route, provider().reading(code).body) == ("get_json", body)


@pytest.mark.parametrize(
    ("field", "body"),
    [("", b'{"body":{"document":"AAAA0001"}}'),
     ("reemplazo", b'{"body":{"document":"AAAA0001","reemplazo":"BBBB0002"}}')],
)  # fmt: skip
def test_the_replacement_is_named_where_the_contract_has_a_field_for_it(field: str, body: bytes) -> None:
    with override_settings(SMARTBILL_SV_CONTRACT={"field.replacement": field}):
        assert provider().invalidation("aaaa0001", replacement="bbbb0002").body == body
        assert b"reemplazo" not in provider().invalidation("aaaa0001").body


def test_the_terms_stand_below_the_reference() -> None:
    draft = replace(sale(), notes="Pago a 30 días\nSin devoluciones")
    assert sent(draft)["notes"] == f"Ref. {REFERENCE}\nPago a 30 días\nSin devoluciones"
