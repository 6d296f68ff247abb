from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from .payloads import (
    PERSON,
    ask,
    ccf,
    error,
    factura,
    issued,
    note,
    post,
    product,
)

SALVADOR = ZoneInfo("America/El_Salvador")
UNKNOWN = "AAAA0001-0000-4000-8000-000000000001"


def test_a_ccf_is_credited_in_parts_until_nothing_is_left(sandbox):
    code = issued(sandbox, "ccf")
    for amount in ("50.00", "63.00"):
        assert post(sandbox, "credit_note", note(code, amount)).status_code == 200
    answer = post(sandbox, "credit_note", note(code, "0.01"))
    assert error(answer) == (400, "VALIDATION_ERROR", ["amount"])
    notes = [one for one in sandbox.control.documents() if one.kind == "credit_note"]
    assert [(one.total, one.related, one.control_number) for one in notes] == [
        (Decimal("50.00"), code, "DTE-05-M001P001-000000000000001"),
        (Decimal("63.00"), code, "DTE-05-M001P001-000000000000002"),
    ]


def test_a_credit_note_of_the_whole_repeats_the_lines(sandbox):
    products = [product("50.00"), product("43.50", type="exenta")]
    code = issued(sandbox, "ccf", ccf(paid="100.00", products=products))
    answer = post(sandbox, "credit_note", note(code.lower(), "100.00"))
    document = ask(sandbox, "get_json", answer.json()["data"]["codigoGeneracion"]).json()["data"]["document"]
    assert [line["descripcion"] for line in document["cuerpoDocumento"]] == ["Suscripción mensual"] * 2
    assert (document["resumen"]["totalPagar"], document["resumen"]["totalIva"]) == (100.00, 6.50)


def test_a_ccf_with_untaxed_lines_is_only_credited_whole(sandbox):
    products = [product("50.00"), product("43.50", type="exenta")]
    code = issued(sandbox, "ccf", ccf(paid="100.00", products=products))
    assert error(post(sandbox, "credit_note", note(code, "10.00"))) == (422, "NOT_ELIGIBLE", [])


def test_the_older_credit_note_has_no_room_for_amounts_outside_the_base(legacy):
    body = ccf(paid="114.00", products=[product("100.00"), product("1.00", type="no_gravada")])
    code = issued(legacy, "ccf", body)
    assert error(post(legacy, "credit_note", note(code, "114.00"))) == (422, "NOT_ELIGIBLE", [])


def test_only_a_ccf_that_lives_and_is_known_can_be_credited(sandbox):
    factura_code, invalidated = issued(sandbox, "factura"), issued(sandbox, "ccf")
    ask(sandbox, "invalidate", invalidated)
    assert error(post(sandbox, "credit_note", note(UNKNOWN, "1.00"))) == (404, "NOT_FOUND", [])
    assert error(post(sandbox, "credit_note", note(factura_code, "1.00"))) == (422, "NOT_ELIGIBLE", [])
    assert error(post(sandbox, "credit_note", note(invalidated, "1.00"))) == (422, "NOT_ELIGIBLE", [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": Decimal("0")}, "amount"),
        ({"amount": "1.00"}, "amount"),
        ({"amount": Decimal("1.001")}, "amount"),
        ({"amount": Decimal("113.01")}, "amount"),
        ({"description": ""}, "description"),
        ({"documentRelated": "x"}, "documentRelated"),
        ({"products": []}, "products"),
    ],
)
def test_a_wrong_credit_note_names_the_field(sandbox, changes, field):
    body = note(issued(sandbox, "ccf"), "1.00")
    body["dteJson"] |= changes
    assert error(post(sandbox, "credit_note", body)) == (400, "VALIDATION_ERROR", [field])


def test_a_credit_note_comes_within_three_months(sandbox):
    code = issued(sandbox, "ccf")
    sandbox.control.set_clock(datetime(2027, 2, 21, 23, 59, tzinfo=SALVADOR))
    assert post(sandbox, "credit_note", note(code, "1.00")).status_code == 200
    sandbox.control.set_clock(datetime(2027, 2, 22, 0, 1, tzinfo=SALVADOR))
    assert error(post(sandbox, "credit_note", note(code, "1.00"))) == (422, "NOT_ELIGIBLE", [])


def test_the_older_generation_issues_every_kind(legacy):
    code = issued(legacy, "ccf")
    issued(legacy, "factura", factura(receptor=PERSON))
    issued(legacy, "fex")
    assert post(legacy, "credit_note", note(code, "113.00")).status_code == 200
    versions = [legacy.control.document_json(one.code)["document"]["identificacion"]["version"]
                for one in legacy.control.documents()]  # fmt: skip
    assert versions == [3, 1, 1, 3]
