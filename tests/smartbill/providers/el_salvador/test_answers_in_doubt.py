"""Bodies from nowhere: what is no verdict is a doubt, and a code seen in anything is looked up."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartbill.lifecycle import Outcome
from tests.smartbill.providers.el_salvador.bodies import CODE, OTHER, answered, error, judged

GARBAGE = [
    b"",
    b"<html><body>OK</body></html>",
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b'{"success":true}',
    b'{"success":true,"data":null}',
    b'{"success":false}',
    b'{"success":true,"error":{"code":"X","message":"y"}}',
    b'{"error":"text"}',
    b'{"error":{"code":null,"message":""}}',
    b'{"success":false,"error":{"code":"X"',
    b'{"error":{"code":"X","code":"Y"}}',
    b'{"error":{"code":"X","message":1e999999999}}',
    b'{"error":{"code":"X","message":' + b"9" * 5000 + b"}}",
    b'{"error":{"code":"X","message":NaN}}',
    b'{"error":{"code":"X","message":"\xff\xfe"}}',
    b"[" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b"\x00" * 10,
    "{}".encode("utf-16"),
]


@pytest.mark.parametrize("body", GARBAGE)
@pytest.mark.parametrize("status", [200, 204, 400, 422])
def test_an_answer_that_is_neither_code_nor_verdict_is_a_doubt(body: bytes, status: int) -> None:
    verdict = judged(answered(body, status))
    assert (verdict.outcome, verdict.look_up) == (Outcome.UNKNOWN, "")


@pytest.mark.parametrize("status", [100, 199, 402, 406, 408, 410, 418, 451, 500, 501, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"", b"<html>", error("INTERNAL"), error("HACIENDA_UNAVAILABLE")])
def test_every_other_status_is_a_doubt_whatever_the_body(status: int, body: Any) -> None:
    verdict = judged(answered(body, status))
    assert (verdict.outcome, verdict.stop_key, verdict.pause) == (Outcome.UNKNOWN, False, 0)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":{"codigoGeneracion":"' + CODE.encode() + b'"',
        b'{"a":"' + CODE.encode() + b'","a":"x"}',
        f"<html>Documento {CODE}</html>".encode(),
        f'{{"success":true,"url":"https://x.example/?codGen={CODE}"}}'.encode(),
        b"\xff" + CODE.encode(),
    ],
)
@pytest.mark.parametrize("status", [200, 502])
def test_a_code_seen_in_anything_is_looked_up(body: bytes, status: int) -> None:
    verdict = judged(answered(body, status))
    assert (verdict.outcome, verdict.look_up) == (Outcome.UNKNOWN, CODE)


def test_of_two_codes_in_a_fragment_none_is_looked_up() -> None:
    assert judged(answered(f"{CODE} {OTHER}".encode())).look_up == ""


@given(st.binary(max_size=200), st.integers(100, 599))
def test_random_bytes_never_accept_or_reject(body: bytes, status: int) -> None:
    assert judged(answered(body, status)).outcome in {Outcome.UNKNOWN, Outcome.NOT_SENT}
