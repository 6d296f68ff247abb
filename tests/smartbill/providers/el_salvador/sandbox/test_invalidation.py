from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from smartbill.providers.el_salvador.sandbox import Account, ApiKey, Issuer, SmartbillSandbox

from .payloads import (
    MANAGER_KEYS,
    PERSON,
    TRANSMITTER_KEYS,
    ask,
    error,
    factura,
    issued,
    note,
    post,
)

SALVADOR = ZoneInfo("America/El_Salvador")
NOVEMBER = datetime(2026, 11, 21, 10, tzinfo=SALVADOR)
UNKNOWN = "AAAA0001-0000-4000-8000-000000000001"


@pytest.mark.parametrize("route", ["factura", "ccf", "fex"])
def test_a_manager_invalidates_a_sealed_document(sandbox, route):
    code = issued(sandbox, route)
    answer = ask(sandbox, "invalidate", code)
    data = answer.json()["data"]
    assert (answer.status_code, data["estado"], data["codigoGeneracion"]) == (200, "INVALIDADO", code)
    read = ask(sandbox, "get_json", code).json()["data"]
    assert read["estado"] == "INVALIDADO"
    assert read["invalidation"]["selloRecibido"] == data["selloRecibido"]
    event = sandbox.control.document_json(code)["event"]["event"]
    assert (event["motivo"]["tipoAnulacion"], event["documento"]["codigoGeneracionR"]) == (2, None)


@pytest.mark.parametrize(
    ("route", "body"),
    [("factura", None), ("factura", factura(receptor=PERSON | {"phone": "2222 0000"})), ("ccf", None), ("fex", None)],
)
def test_the_older_generation_invalidates_too(legacy, route, body):
    code = issued(legacy, route, body)
    assert ask(legacy, "invalidate", code).status_code == 200
    assert legacy.control.documents()[0].invalidated_at is not None


def test_a_transmitter_may_not_invalidate(sandbox):
    code = issued(sandbox, "factura")
    assert error(ask(sandbox, "invalidate", code, keys=TRANSMITTER_KEYS)) == (403, "ROLE_NOT_ALLOWED", [])
    assert sandbox.control.documents()[0].invalidated_at is None


def test_twice_is_a_conflict(sandbox):
    code = issued(sandbox, "factura")
    ask(sandbox, "invalidate", code)
    assert error(ask(sandbox, "invalidate", code)) == (409, "CONFLICT", [])


def test_an_unknown_document_is_not_found(sandbox):
    assert error(ask(sandbox, "invalidate", UNKNOWN)) == (404, "NOT_FOUND", [])


def test_nothing_is_invalidated_while_hacienda_is_down(sandbox):
    code = issued(sandbox, "factura")
    sandbox.control.hacienda(up=False)
    assert error(ask(sandbox, "invalidate", code)) == (503, "HACIENDA_UNAVAILABLE", [])
    assert sandbox.control.documents()[0].invalidated_at is None


def test_a_live_credit_note_protects_its_ccf(sandbox):
    code = issued(sandbox, "ccf")
    note_code = post(sandbox, "credit_note", note(code, "10.00")).json()["data"]["codigoGeneracion"]
    assert error(ask(sandbox, "invalidate", code)) == (409, "CONFLICT", [])
    assert ask(sandbox, "invalidate", note_code).status_code == 200
    assert ask(sandbox, "invalidate", code).status_code == 200


@pytest.mark.parametrize(
    ("route", "moment", "status"),
    [
        ("factura", datetime(2027, 2, 21, 23, 59, 50, tzinfo=SALVADOR), 200),
        ("factura", datetime(2027, 2, 22, 0, 0, 1, tzinfo=SALVADOR), 422),
        ("fex", datetime(2027, 2, 22, 0, 0, 1, tzinfo=SALVADOR), 422),
        ("ccf", datetime(2026, 11, 22, 23, 59, 50, tzinfo=SALVADOR), 200),
        ("ccf", datetime(2026, 11, 23, 0, 0, 1, tzinfo=SALVADOR), 422),
        ("ccf", datetime(2026, 12, 14, 23, 59, 50, tzinfo=SALVADOR), 200),
        ("ccf", datetime(2026, 12, 15, 0, 0, 1, tzinfo=SALVADOR), 422),
    ],
)
def test_the_time_to_invalidate_ends(sandbox, route, moment, status):
    code = issued(sandbox, route)
    sandbox.control.set_clock(moment)
    assert ask(sandbox, "invalidate", code).status_code == status


def test_two_years_for_the_listed_activities():
    account = Account(
        name="pharmacy",
        keys=[ApiKey(public_key="pub_sandbox_manager", private_key="prv_sandbox_manager")],
        issuer=Issuer(activity_code="21001", activity_text="Fabricación de productos farmacéuticos"),
    )
    with SmartbillSandbox(accounts=[account], latency=(0, 0)) as sandbox:
        sandbox.control.set_clock(NOVEMBER)
        code = issued(sandbox, "factura")
        sandbox.control.set_clock(datetime(2028, 11, 21, 23, tzinfo=SALVADOR))
        assert ask(sandbox, "invalidate", code, keys=MANAGER_KEYS).status_code == 200


# The replacement ------------------------------------------------------------------------------------------------------

NAMED = {"field.replacement": "replacement"}


def replace(sandbox, code, replacement):
    return post(sandbox, "invalidate", {"body": {"document": code, "replacement": replacement}})


@override_settings(SMARTBILL_SV_CONTRACT=NAMED)
@pytest.mark.parametrize("which", ["sandbox", "legacy"])
def test_an_invalidation_with_a_replacement_states_the_error_and_names_it(which, request):
    stand_in = request.getfixturevalue(which)
    code, other = issued(stand_in, "factura"), issued(stand_in, "factura")
    assert replace(stand_in, code, other).status_code == 200
    event = stand_in.control.document_json(code)["event"]["event"]
    assert (event["motivo"]["tipoAnulacion"], event["documento"]["codigoGeneracionR"]) == (1, other)


@override_settings(SMARTBILL_SV_CONTRACT=NAMED)
def test_a_replacement_that_is_not_another_sealed_document_in_force_is_refused(sandbox):
    code, gone = issued(sandbox, "factura"), issued(sandbox, "factura")
    ask(sandbox, "invalidate", gone)
    sandbox.control.hacienda(up=False)
    unsealed = issued(sandbox, "factura")
    sandbox.control.hacienda(up=True)
    for replacement, status in ((code, 422), (UNKNOWN, 422), (gone, 422), (unsealed, 422)):
        assert replace(sandbox, code, replacement).status_code in (400, status), replacement
    assert [row.invalidated_at for row in sandbox.control.documents() if row.code == code] == [None]


@override_settings(SMARTBILL_SV_CONTRACT=NAMED)
def test_a_credit_note_has_no_replacement(sandbox):
    ccf = issued(sandbox, "ccf")
    code = issued(sandbox, "credit_note", note(ccf, 10)["dteJson"])
    assert replace(sandbox, code, issued(sandbox, "ccf")).status_code in (400, 422)


def test_where_the_contract_names_no_replacement_the_field_is_refused(sandbox):
    code, other = issued(sandbox, "factura"), issued(sandbox, "factura")
    assert replace(sandbox, code, other).status_code == 400
    assert all(row.invalidated_at is None for row in sandbox.control.documents())
