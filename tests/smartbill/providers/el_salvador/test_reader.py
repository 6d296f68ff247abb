"""Readings of both generations of the authority's document, and answers that say nothing."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from smartbill.providers.base import Exchange, PreparedRequest, Reading
from smartbill.providers.el_salvador import jsontext
from tests.smartbill.providers.el_salvador.builders import provider

SKELETONS = Path(__file__).parent / "skeletons"
SEAL = "2026A0000000000000000000000000000000TEST"
OTHER_SEAL = "2026B0000000000000000000000000000000TEST"
NOTHING = Reading(state="no_information")


def document(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SKELETONS / f"{name}.json").read_text())
    return loaded


def code_of(dte: dict[str, Any]) -> str:
    return str(dte["identificacion"]["codigoGeneracion"])


def read(body: Any, code: str, status: int = 200, failure: str = "") -> Reading:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = PreparedRequest(route="get_json", body=json.dumps({"body": {"document": code}}).encode())
    return provider().classify_reading(request, Exchange(written=True, status=status, body=raw, failure=failure))


def answer(dte: dict[str, Any], **data: Any) -> dict[str, Any]:
    values = {"codigoGeneracion": code_of(dte), "estado": "PROCESADO", "selloRecibido": SEAL, "document": dte}
    return {"success": True, "data": {**values, **data}}


READINGS = [
    ("fe-v2", "factura", "113", "", "", "pi_test"),
    ("fe-v1", "factura", "113", "", "", "pi_test"),
    ("ccf-v4", "ccf", "113", "RECEPTOR DE PRUEBA", "06140000000026", "pi_test"),
    ("ccf-v3", "ccf", "113", "RECEPTOR DE PRUEBA", "06140000000026", "pi_test"),
    ("nc-v4", "credit_note", "56.5", "RECEPTOR DE PRUEBA", "06140000000026", None),
    ("nc-v3", "credit_note", "56.5", "RECEPTOR DE PRUEBA", "06140000000026", None),
    ("fex-v3", "export", "100", "CLIENTE DEL EXTERIOR DE PRUEBA", "TEST-0001", "pi_test"),
    ("fex-v1", "export", "100", "CLIENTE DEL EXTERIOR DE PRUEBA", "TEST-0001", "pi_test"),
]


@pytest.mark.parametrize(("name", "kind", "total", "receiver", "tax_id", "reference"), READINGS)
def test_both_generations_are_read(
    name: str, kind: str, total: str, receiver: str, tax_id: str, reference: str | None
) -> None:
    dte = document(name)
    reading = read(answer(dte), code_of(dte))
    assert (reading.state, reading.kind, reading.total) == ("stamped", kind, Decimal(total))
    assert (reading.receiver_name, reading.receiver_tax_id) == (receiver, tax_id)
    assert (reading.environment, reading.issued_on) == ("00", date(2026, 12, 1))
    assert list(reading.references) == ([reference] if reference else [])
    assert reading.identifiers.seal == SEAL
    assert reading.identifiers.control_number == dte["identificacion"]["numeroControl"]
    assert reading.identifiers.issued_at is not None
    assert reading.identifiers.issued_at.isoformat() == "2026-12-01T10:00:00-06:00"
    assert jsontext.from_bytes(reading.document) == jsontext.from_bytes(json.dumps(dte).encode())


@pytest.mark.parametrize(
    "place",
    [
        {"resumen": {"observaciones": "Ref. K7WXYZ2345\nTiempo sin usar: -20.00"}},
        {"extension": {"observaciones": "Nota. Ref. K7WXYZ2345"}},
        {"apendice": [{"campo": "referencia", "etiqueta": "Referencia", "valor": "K7WXYZ2345"}]},
    ],
)
def test_our_reference_is_found_wherever_it_was_printed(place: dict[str, Any]) -> None:
    dte = {**document("fe-v2"), **place}
    assert "K7WXYZ2345" in read(answer(dte), code_of(dte)).references


def test_the_document_itself_as_body_is_kept_byte_by_byte() -> None:
    dte = document("fe-v2")
    raw = json.dumps({**dte, "selloRecibido": SEAL}, indent=3).encode()
    reading = read(raw, code_of(dte))
    assert (reading.state, reading.identifiers.seal, reading.document) == ("stamped", SEAL, raw)


def test_figures_of_a_document_keep_their_zeros() -> None:
    dte = document("fe-v2")
    assert b'"totalPagar":113.0,' in read(answer(dte), code_of(dte)).document


def test_a_document_without_seal_is_in_contingency() -> None:
    dte = document("fe-v2")
    assert read(dte, code_of(dte)).state == "contingency"
    assert read(answer(dte, selloRecibido=None, estado="CONTINGENCIA"), code_of(dte)).state == "contingency"
    assert read(answer(dte, selloRecibido=None, estado="PROCESADO"), code_of(dte)).state == "contingency"


def test_a_seal_inside_the_document_counts() -> None:
    dte = {**document("fe-v2"), "selloRecibido": SEAL}
    reading = read(answer(dte, selloRecibido=None), code_of(dte))
    assert (reading.state, reading.identifiers.seal) == ("stamped", SEAL)


def test_a_seal_under_another_name_counts_where_the_expected_one_is_missing() -> None:
    dte = document("fe-v2")
    body = {"success": True, "data": {"document": {**dte, "responseMH": {"sello": SEAL}}}}
    assert read(body, code_of(dte)).identifiers.seal == SEAL


def test_the_seal_of_an_invalidation_is_not_the_documents() -> None:
    dte = document("fe-v2")
    event = {"selloRecibido": OTHER_SEAL, "fechaInvalidacion": "2026-12-02T09:00:00-06:00"}
    reading = read(answer(dte, estado="INVALIDADO", invalidation=event), code_of(dte))
    assert (reading.state, reading.identifiers.seal) == ("invalidated", SEAL)
    assert reading.invalidated_at is not None
    assert reading.invalidated_at.isoformat() == "2026-12-02T09:00:00-06:00"
    body = {"success": True, "data": {"document": dte, "invalidation": event}}
    assert read(body, code_of(dte)).identifiers.seal == ""


def test_the_word_invalidated_is_enough() -> None:
    dte = document("fe-v2")
    reading = read(answer(dte, estado="INVALIDADO"), code_of(dte))
    assert (reading.state, reading.invalidated_at) == ("invalidated", None)


def test_an_unknown_version_is_kept_whole() -> None:
    dte = {
        "identificacion": {"codigoGeneracion": "AAAA0001-0000-4000-8000-000000000001", "version": 9, "tipoDte": "99"}
    }
    reading = read(answer(dte), code_of(dte))
    assert (reading.state, reading.kind, reading.total, reading.issued_on) == ("stamped", "99", None, None)
    assert reading.document == json.dumps(dte, separators=(",", ":")).encode()


@pytest.mark.parametrize("number", ["0614-000000-002-6", "06140000000026"])
def test_hyphens_of_a_tax_number_do_not_matter(number: str) -> None:
    dte = document("ccf-v3")
    dte["receptor"]["nit"] = number
    assert read(answer(dte), code_of(dte)).receiver_tax_id == "06140000000026"


def test_only_the_provider_itself_says_that_a_code_is_absent() -> None:
    code = code_of(document("fe-v2"))
    absent = {"success": False, "error": {"code": "NOT_FOUND", "message": "x"}}
    assert read(absent, code, 404) == Reading(state="absent")
    assert read(absent, code, 200) == Reading(state="absent")
    assert read(b"<html>404</html>", code, 404) == NOTHING
    assert read(absent, code, 500) == NOTHING
    assert read(absent, code, 404, failure="ProtocolError") == NOTHING


@pytest.mark.parametrize("status", [301, 400, 401, 403, 409, 422, 429, 500, 502, 503, 504])
def test_a_failed_reading_says_nothing(status: int) -> None:
    dte = document("fe-v2")
    assert read(answer(dte), code_of(dte), status) == replace(NOTHING, is_key_refused=status in (401, 403))


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"<html>", b'{"success":true,"data":{"estado":"PROCESADO"}}', b"[" * 90_000]
)
def test_a_body_without_the_code_says_nothing(body: bytes) -> None:
    assert read(body, code_of(document("fe-v2"))) == NOTHING


def test_a_reading_of_another_code_says_nothing() -> None:
    dte = document("fe-v2")
    assert read(answer(dte), "BBBB0002-0000-4000-8000-000000000002") == NOTHING
    mixed = answer(dte, codigoGeneracion="BBBB0002-0000-4000-8000-000000000002")
    assert read(mixed, code_of(dte)) == NOTHING


def test_a_reading_that_states_a_failure_says_nothing() -> None:
    dte = document("fe-v2")
    assert read({**answer(dte), "success": False}, code_of(dte)) == NOTHING


def test_a_code_in_lower_case_is_the_same_code() -> None:
    dte = document("fe-v2")
    reading = read(answer(dte, codigoGeneracion=code_of(dte).lower()), code_of(dte).lower())
    assert reading.identifiers.generation_code == code_of(dte)
