from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from .payloads import (
    COMPANY,
    PERSON,
    ask,
    ccf,
    emit,
    error,
    factura,
    fex,
    issued,
    note,
    post,
)

SALVADOR = ZoneInfo("America/El_Salvador")
NOVEMBER = datetime(2026, 11, 21, 10, tzinfo=SALVADOR)
UNKNOWN = "AAAA0001-0000-4000-8000-000000000001"


def state(sandbox, code):
    return ask(sandbox, "get_json", code).json()["data"]["estado"]


@pytest.mark.parametrize("route", ["factura", "ccf", "fex"])
def test_while_hacienda_is_down_documents_are_issued_without_seal(sandbox, route):
    sandbox.control.hacienda(up=False)
    data = emit(sandbox, route).json()["data"]
    assert (data["estado"], data["selloRecibido"]) == ("CONTINGENCIA", None)
    read = ask(sandbox, "get_json", data["codigoGeneracion"]).json()["data"]
    assert (read["estado"], read["selloRecibido"]) == ("CONTINGENCIA", None)
    assert "selloRecibido" not in read["document"]
    assert read["document"]["identificacion"]["tipoModelo"] == 2
    assert read["document"]["identificacion"]["tipoContingencia"] == 1


def test_a_document_stays_unsealed_until_somebody_presses_the_button(sandbox):
    sandbox.control.hacienda(up=False)
    code = issued(sandbox, "factura")
    assert sandbox.control.regularise() == 0
    sandbox.control.hacienda(up=True)
    assert state(sandbox, code) == "CONTINGENCIA"
    assert sandbox.control.regularise() == 1
    read = ask(sandbox, "get_json", code).json()["data"]
    assert (read["estado"], len(read["selloRecibido"])) == ("PROCESADO", 40)
    assert read["document"]["identificacion"]["tipoModelo"] == 2
    assert sandbox.control.regularise() == 0


def test_the_button_can_send_one_document(sandbox):
    sandbox.control.hacienda(up=False)
    first, second = issued(sandbox, "factura"), issued(sandbox, "factura")
    sandbox.control.hacienda(up=True)
    assert sandbox.control.regularise(first) == 1
    assert [document.seal is None for document in sandbox.control.documents()] == [False, True]
    assert state(sandbox, second) == "CONTINGENCIA"


def test_the_end_of_the_month_sends_what_is_left(sandbox):
    sandbox.control.hacienda(up=False)
    code = issued(sandbox, "factura")
    sandbox.control.hacienda(up=True)
    assert sandbox.control.end_month() == 1
    assert state(sandbox, code) == "PROCESADO"
    assert sandbox.control.documents()[0].sealed_at.astimezone(SALVADOR).date().isoformat() == "2026-11-30"


def test_a_document_without_seal_can_be_neither_invalidated_nor_credited(sandbox):
    sandbox.control.hacienda(up=False)
    code = issued(sandbox, "ccf")
    sandbox.control.hacienda(up=True)
    assert error(ask(sandbox, "invalidate", code)) == (422, "NOT_ELIGIBLE", [])
    assert error(post(sandbox, "credit_note", note(code, "1.00"))) == (422, "NOT_ELIGIBLE", [])
    assert [document.code for document in sandbox.control.documents()] == [code]


def test_an_identification_of_more_than_twenty_characters_is_refused_by_hacienda(sandbox):
    person = PERSON | {"documentType": "otro", "identification": "x" * 21}
    answer = emit(sandbox, "factura", factura(receptor=person))
    assert error(answer) == (422, "HACIENDA_REJECTED", ["receptor/numDocumento"])
    assert answer.json()["error"]["details"][0]["code"] == "096"
    assert sandbox.control.documents() == []


@pytest.mark.parametrize(("price", "status"), [("24999.99", 200), ("25000.00", 422)])
def test_a_factura_of_25000_dollars_names_its_buyer(sandbox, price, status):
    assert emit(sandbox, "factura", factura(price)).status_code == status
    assert emit(sandbox, "factura", factura(price, receptor=PERSON)).status_code == 200


@pytest.mark.parametrize(("price", "status"), [("1094.99", 200), ("1095.00", 422)])
def test_the_older_schema_asks_from_1095_dollars(legacy, price, status):
    assert emit(legacy, "factura", factura(price)).status_code == status


def test_a_refused_document_takes_no_number(legacy):
    emit(legacy, "factura", factura("1095.00"))
    issued(legacy, "factura")
    assert [one.control_number[-3:] for one in legacy.control.documents()] == ["001"]


def test_a_receptor_with_an_address_is_mailed_once(sandbox):
    code = issued(sandbox, "factura", factura(receptor=PERSON))
    issued(sandbox, "factura")
    issued(sandbox, "fex", fex(receptor={"countryCode": "US", "name": "X", "email": "clientes.varios@smartbill.lat"}))
    assert [(mail.code, mail.to) for mail in sandbox.control.mails()] == [(code, "ana@example.com")]


def test_control_numbers_start_again_each_year(sandbox):
    issued(sandbox, "factura")
    sandbox.control.set_clock(datetime(2026, 12, 31, 23, 59, 30, tzinfo=SALVADOR))
    issued(sandbox, "factura")
    sandbox.control.set_clock(datetime(2027, 1, 1, 0, 0, 30, tzinfo=SALVADOR))
    issued(sandbox, "factura")
    assert [one.control_number[-3:] for one in sandbox.control.documents()] == ["001", "002", "001"]


def test_a_person_finds_a_document_by_reference_name_number_or_total(sandbox):
    code = issued(sandbox, "ccf", ccf(notes="Ref. SE-77", receptor=COMPANY | {"name": "Café Volcán"}))
    issued(sandbox, "factura", factura("7.00", notes="Ref. SE-78"))
    for text in ("SE-77", "café volcán", "06140000000026", "113.00", code):
        assert [one.code for one in sandbox.control.documents(text)] == [code]
    assert sandbox.control.documents("SE-79") == []
    assert sandbox.control.documents()[0].references == ["SE-77"]
