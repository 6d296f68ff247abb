"""Answers to an invalidation: done only where it says so, and every doubt can be read."""

from typing import Any

import pytest

from smartbill.lifecycle import Outcome
from smartbill.providers.base import Exchange
from tests.smartbill.providers.el_salvador.bodies import CODE, OTHER, SEAL, answered, error, judged_invalidation

INVALIDATED = {
    "success": True,
    "data": {
        "codigoGeneracion": CODE,
        "estado": "INVALIDADO",
        "selloRecibido": SEAL,
        "fechaInvalidacion": "2026-12-02T09:00:00",
    },
}


def test_an_invalidation_is_accepted_only_where_it_says_so() -> None:
    verdict = judged_invalidation(answered(INVALIDATED))
    assert (verdict.outcome, verdict.identifiers.generation_code, verdict.identifiers.seal) == (
        Outcome.ACCEPTED,
        CODE,
        "",
    )
    assert SEAL in verdict.note
    assert verdict.identifiers.issued_at is not None
    assert verdict.identifiers.issued_at.isoformat() == "2026-12-02T09:00:00-06:00"


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        ({"success": True, "data": {"codigoGeneracion": CODE, "estado": "PROCESADO"}}, 200, Outcome.UNKNOWN),
        ({"success": True, "data": {"codigoGeneracion": OTHER, "estado": "INVALIDADO"}}, 200, Outcome.UNKNOWN),
        ({"success": True}, 200, Outcome.UNKNOWN),
        ({**INVALIDATED, "success": False}, 200, Outcome.UNKNOWN),
        (INVALIDATED, 500, Outcome.UNKNOWN),
        (INVALIDATED, 307, Outcome.UNKNOWN),
        (b"<html>", 200, Outcome.UNKNOWN),
        (error("NOT_ELIGIBLE"), 422, Outcome.REJECTED),
        (error("VALIDATION_ERROR"), 400, Outcome.REJECTED),
        (error("NOT_FOUND"), 404, Outcome.REJECTED),
        (b"not found", 404, Outcome.NOT_SENT),
        (error("CONFLICT"), 409, Outcome.UNKNOWN),
        (error("ROLE_NOT_ALLOWED"), 403, Outcome.NOT_SENT),
        (error("HACIENDA_UNAVAILABLE"), 503, Outcome.UNKNOWN),
    ],
)
def test_every_other_answer_to_an_invalidation(body: Any, status: int, outcome: str) -> None:
    assert judged_invalidation(answered(body, status)).outcome == outcome


def test_a_transmitter_key_that_invalidates_is_stopped() -> None:
    assert judged_invalidation(answered(error("ROLE_NOT_ALLOWED"), 403)).stop_key


def test_an_invalidation_that_did_not_leave_was_not_sent() -> None:
    assert judged_invalidation(Exchange(written=False, failure="x")).outcome == Outcome.NOT_SENT
    assert judged_invalidation(Exchange(written=True, failure="ReadTimeout")).outcome == Outcome.UNKNOWN
