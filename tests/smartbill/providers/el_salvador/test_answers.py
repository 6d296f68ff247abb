"""Every row of the table of answers, and the rows that must not be mistaken for each other."""

from typing import Any

import pytest
from django.test import override_settings

from smartbill.lifecycle import Outcome
from smartbill.providers.base import Exchange, PreparedRequest
from tests.smartbill.providers.el_salvador.bodies import (
    CODE,
    CONTROL,
    ISSUED,
    OTHER,
    SEAL,
    answered,
    data,
    error,
    judged,
)

NO_ANSWER = [
    (False, "ConnectTimeout: x", Outcome.NOT_SENT),
    (False, "ConnectionError: x ⇒ NewConnectionError: x", Outcome.NOT_SENT),
    (False, "ConnectionError: x ⇒ NameResolutionError: x", Outcome.NOT_SENT),
    (False, "SSLError: x ⇒ SSLCertVerificationError: x", Outcome.NOT_SENT),
    (False, "ReadTimeout: handshake", Outcome.NOT_SENT),
    (False, "TooLate: x", Outcome.NOT_SENT),
    (True, "ConnectionError: x ⇒ ProtocolError: x", Outcome.UNKNOWN),
    (True, "SSLError: x ⇒ MaxRetryError: x", Outcome.UNKNOWN),
    (True, "ReadTimeout: x", Outcome.UNKNOWN),
    (True, "", Outcome.UNKNOWN),
]


@pytest.mark.parametrize(("written", "failure", "outcome"), NO_ANSWER)
def test_without_an_answer_the_first_byte_decides(written: bool, failure: str, outcome: str) -> None:
    verdict = judged(Exchange(written=written, failure=failure))
    assert (verdict.outcome, verdict.look_up, verdict.stop_key) == (outcome, "", False)


def test_a_certificate_that_is_not_trusted_pauses_the_channel() -> None:
    verdict = judged(Exchange(written=False, failure="SSLError: x ⇒ SSLCertVerificationError: x"))
    assert (verdict.outcome, verdict.pause) == (Outcome.NOT_SENT, 300)


def test_a_key_that_no_header_can_carry_is_stopped() -> None:
    verdict = judged(Exchange(written=False, failure="UnusableKey: x"))
    assert (verdict.outcome, verdict.stop_key) == (Outcome.NOT_SENT, True)


@pytest.mark.parametrize("status", [200, 422, 500])
def test_half_an_answer_is_a_doubt_and_its_code_is_looked_up(status: int) -> None:
    fragment = b'{"success":true,"data":{"codigoGeneracion":"' + CODE.lower().encode() + b'","selloRe'
    verdict = judged(answered(fragment, status, failure="ProtocolError: IncompleteRead"))
    assert (verdict.outcome, verdict.look_up) == (Outcome.UNKNOWN, CODE)


def test_an_answer_that_looks_whole_but_failed_is_still_a_doubt() -> None:
    verdict = judged(answered(ISSUED, failure="AnswerTooLarge: x"))
    assert (verdict.outcome, verdict.look_up) == (Outcome.UNKNOWN, CODE)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("body", [b"", ISSUED, error("VALIDATION_ERROR")])
def test_a_redirect_is_a_doubt_whatever_it_says(status: int, body: Any) -> None:
    assert judged(answered(body, status)).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**ISSUED, "success": False}, 200),
        ({**ISSUED, "success": "false"}, 200),
        (data(estado="RECHAZADO"), 200),
        ({**ISSUED, **error("HACIENDA_REJECTED")}, 422),
        (ISSUED, 400),
        (ISSUED, 404),
        (ISSUED, 401),
        (ISSUED, 409),
        (ISSUED, 500),
        (ISSUED, 504),
    ],
)
def test_a_code_with_a_statement_of_failure_is_looked_up_first(body: Any, status: int) -> None:
    verdict = judged(answered(body, status))
    assert (verdict.outcome, verdict.look_up, verdict.stop_key) == (Outcome.UNKNOWN, CODE, False)


@pytest.mark.parametrize("status", [200, 400, 422])
def test_a_code_inside_the_message_of_a_refusal_is_looked_up_first(status: int) -> None:
    verdict = judged(answered(error("HACIENDA_REJECTED", f"Documento {CODE.lower()} rechazado"), status))
    assert (verdict.outcome, verdict.look_up) == (Outcome.UNKNOWN, CODE)
    assert [problem.code for problem in verdict.problems] == ["HACIENDA_REJECTED"]


def test_a_refusal_that_mentions_two_codes_is_a_doubt_without_look_up() -> None:
    verdict = judged(answered(error("HACIENDA_REJECTED", f"{CODE} {OTHER}"), 422))
    assert (verdict.outcome, verdict.look_up) == (Outcome.UNKNOWN, "")


@pytest.mark.parametrize("status", [401, 403, 429])
def test_the_request_number_of_a_gateway_is_no_document(status: int) -> None:
    verdict = judged(answered({"message": "Forbidden", "requestId": CODE.lower()}, status))
    assert (verdict.outcome, verdict.look_up) == (Outcome.NOT_SENT, "")


def test_a_refusal_beside_a_code_is_kept_for_the_case_that_the_code_does_not_exist() -> None:
    refused = {**ISSUED, **error("HACIENDA_REJECTED", "Cálculo incorrecto")}
    assert [problem.code for problem in judged(answered(refused, 422)).problems] == ["HACIENDA_REJECTED"]
    assert judged(answered(refused, 500)).problems == ()


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_code_and_a_seal_are_an_acceptance(status: int) -> None:
    verdict = judged(answered(ISSUED, status))
    found = verdict.identifiers
    assert verdict.outcome == Outcome.ACCEPTED
    assert (found.generation_code, found.seal, found.control_number) == (CODE, SEAL, CONTROL)
    assert found.issued_at is not None
    assert found.issued_at.isoformat() == "2026-12-01T10:00:00-06:00"
    assert (found.url, found.pdf_url) == ("https://smartbill.example/d/1", "https://smartbill.example/d/1.pdf")


@pytest.mark.parametrize("status", [100, 199])
def test_a_code_under_a_status_that_is_no_success_is_looked_up(status: int) -> None:
    verdict = judged(answered(ISSUED, status))
    assert (verdict.outcome, verdict.look_up) == (Outcome.UNKNOWN, CODE)


@pytest.mark.parametrize("word", ["PROCESADO", "CONTINGENCIA", "", None, "SOMETHING"])
@pytest.mark.parametrize("seal", [None, "", "too short", SEAL.lower(), 5])
def test_a_code_without_seal_is_a_contingency_whatever_the_word(word: Any, seal: Any) -> None:
    verdict = judged(answered(data(estado=word, selloRecibido=seal)))
    assert (verdict.outcome, verdict.identifiers.generation_code) == (Outcome.ACCEPTED, CODE)
    assert verdict.identifiers.seal == ""


@pytest.mark.parametrize(
    "body",
    [
        {"codigoGeneracion": CODE.lower(), "selloRecibido": SEAL, "numeroControl": CONTROL},
        {"data": {"dte": {"uuid": CODE}, "sello": SEAL, "numero": CONTROL}},
        {"result": [{"code": CODE}, SEAL, CONTROL]},
        {"success": True, "data": {"codigoGeneracion": CODE, "document": {"a": SEAL, "b": CONTROL, "c": CODE.lower()}}},
    ],
)
def test_identifiers_are_found_by_their_form_wherever_they_stand(body: Any) -> None:
    verdict = judged(answered(body))
    found = verdict.identifiers
    assert (verdict.outcome, found.generation_code, found.seal, found.control_number) == (
        Outcome.ACCEPTED,
        CODE,
        SEAL,
        CONTROL,
    )


def test_two_things_that_look_like_seals_are_none() -> None:
    assert judged(answered({"code": CODE, "a": SEAL, "b": SEAL.replace("TEST", "ELSE")})).identifiers.seal == ""


def test_two_codes_are_a_doubt_and_neither_is_believed() -> None:
    verdict = judged(answered(data(related=OTHER)))
    assert (verdict.outcome, verdict.look_up, verdict.identifiers.generation_code) == (Outcome.UNKNOWN, "", "")


def test_a_code_of_our_own_request_is_no_answer() -> None:
    request = PreparedRequest(route="factura", body=f'{{"dteJson":{{"notes":"{CODE.lower()}"}}}}'.encode())
    assert judged(answered(ISSUED), request).outcome == Outcome.UNKNOWN
    verdict = judged(answered(data(related=CODE, codigoGeneracion=OTHER)), request)
    assert (verdict.outcome, verdict.identifiers.generation_code) == (Outcome.ACCEPTED, OTHER)


@pytest.mark.parametrize("status", [200, 400, 422])
def test_a_structured_error_without_code_is_a_refusal_with_its_reasons(status: int) -> None:
    detail = {"field": "products[0].unitPrice", "code": "020", "message": "cálculo"}
    verdict = judged(answered(error("HACIENDA_REJECTED", "Rechazado", [detail]), status))
    assert verdict.outcome == Outcome.REJECTED
    assert [problem.as_json() for problem in verdict.problems] == [
        {"field": "", "code": "HACIENDA_REJECTED", "message": "Rechazado"},
        {"field": "products[0].unitPrice", "code": "020", "message": "cálculo"},
    ]


def test_of_a_flood_of_reasons_as_many_are_kept_as_a_person_reads_and_all_of_them_count() -> None:
    details = [{"code": "020", "message": f"línea {number}"} for number in range(1000)]
    verdict = judged(answered(error("HACIENDA_REJECTED", "Rechazado", details), 400))
    assert (verdict.outcome, len(verdict.problems)) == (Outcome.REJECTED, 51)
    assert "951" in verdict.problems[-1].message
    hidden = [*details, {"code": "004", "message": "ya existe"}]
    assert judged(answered(error("HACIENDA_REJECTED", "Rechazado", hidden), 400)).outcome == Outcome.UNKNOWN


def test_a_refusal_holds_nothing_that_a_database_cannot_keep() -> None:
    verdict = judged(answered(error("HACIENDA_REJECTED", "a\x00b\ud800"), 400))
    assert (verdict.outcome, verdict.problems[0].message) == (Outcome.REJECTED, "a�b?")


@pytest.mark.parametrize(
    "body",
    [
        error("HACIENDA_REJECTED", details=[{"code": "004", "message": "ya existe"}]),
        error("HACIENDA_REJECTED", details=[{"code": 4}]),
        error("004"),
        {**error("HACIENDA_REJECTED"), "hacienda": {"codigoMsg": "004"}},
        error("GATEWAY_TIMEOUT"),
        error("HACIENDA_UNAVAILABLE"),
        error("INTERNAL"),
        error("CONFLICT"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 422])
def test_an_error_that_may_hide_a_document_is_a_doubt(body: Any, status: int) -> None:
    assert judged(answered(body, status)).outcome == Outcome.UNKNOWN


def test_a_conflict_is_a_doubt() -> None:
    assert judged(answered(error("CONFLICT"), 409)).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "stops", "pause"),
    [(401, True, 0), (403, True, 0), (404, False, 300), (405, False, 300), (413, False, 0), (415, False, 300)],
)
@pytest.mark.parametrize("body", [b"", b"<html>", error("UNAUTHORIZED")])
def test_a_refusal_before_processing_was_not_sent(status: int, stops: bool, pause: int, body: Any) -> None:
    verdict = judged(answered(body, status))
    assert (verdict.outcome, verdict.stop_key, verdict.pause) == (Outcome.NOT_SENT, stops, pause)


@pytest.mark.parametrize(("after", "pause"), [(7, 7), (None, 30), (0, 30), (999_999, 3600)])
def test_too_many_requests_wait_as_long_as_they_are_told(after: int | None, pause: int) -> None:
    verdict = judged(answered(error("RATE_LIMITED"), 429, retry_after=after))
    assert (verdict.outcome, verdict.pause, verdict.stop_key) == (Outcome.NOT_SENT, pause, False)


@override_settings(SMARTBILL_SV_CONTRACT={"status.not_processed": [401]})
def test_which_statuses_prove_that_nothing_was_processed_is_a_setting() -> None:
    assert judged(answered(b"", 401)).outcome == Outcome.NOT_SENT
    assert judged(answered(b"", 429)).outcome == Outcome.UNKNOWN


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", 5, "https://" + "x" * 600])
def test_an_address_that_is_none_is_left_out(url: Any) -> None:
    assert judged(answered(data(url=url))).identifiers.url == ""
