"""Answers of the provider as a client may meet them, and their verdicts."""

import json
from typing import Any

from smartbill.providers.base import Exchange, PreparedRequest, Verdict
from tests.smartbill.providers.el_salvador.builders import provider

CODE = "AAAA0001-0000-4000-8000-000000000001"
OTHER = "BBBB0002-0000-4000-8000-000000000002"
SEAL = "2026A0000000000000000000000000000000TEST"
CONTROL = "DTE-01-M001P001-000000000000001"
ISSUED = {
    "success": True,
    "data": {
        "codigoGeneracion": CODE,
        "numeroControl": CONTROL,
        "selloRecibido": SEAL,
        "estado": "PROCESADO",
        "fechaEmision": "2026-12-01T10:00:00-06:00",
        "url": "https://smartbill.example/d/1",
        "pdfUrl": "https://smartbill.example/d/1.pdf",
        "observaciones": [],
    },
}
SUBMISSION = PreparedRequest(route="factura", body=b'{"dteJson":{"notes":"Ref. ABC"}}')
INVALIDATION = PreparedRequest(route="invalidate", body=b'{"body":{"document":"' + CODE.encode() + b'"}}')


def answered(body: Any, status: int = 200, **changes: Any) -> Exchange:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange(written=True, status=status, body=raw, content_type="application/json", **changes)


def judged(exchange: Exchange, request: PreparedRequest = SUBMISSION) -> Verdict:
    return provider().classify_submission(request, exchange)


def judged_invalidation(exchange: Exchange) -> Verdict:
    return provider().classify_invalidation(INVALIDATION, exchange)


def data(**changes: Any) -> dict[str, Any]:
    return {"success": True, "data": {**ISSUED["data"], **changes}}


def error(code: str, message: str = "m", details: Any = ()) -> dict[str, Any]:
    return {"success": False, "error": {"code": code, "message": message, "details": list(details)}}
