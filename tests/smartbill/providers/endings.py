"""The table of how a call can end: one row per way, what a server does for it, and the verdict that must follow.

The names are those under which the ways are known to whoever runs the house; every row is served on a real socket.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smartbill.lifecycle import Outcome
from tests.smartbill.providers import misbehaviour as does
from tests.smartbill.providers.el_salvador.bodies import CODE, ISSUED, OTHER
from tests.smartbill.providers.misbehaviour import Act, Remote, answer

ACCEPTED, REJECTED, NOT_SENT, UNKNOWN = Outcome.ACCEPTED, Outcome.REJECTED, Outcome.NOT_SENT, Outcome.UNKNOWN
MISCONFIGURED, RATE_LIMITED = 300, 30
"""Seconds for which the channel rests, by the provider's contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One way. `failure` are names that the chain of errors holds in this order; none where an answer was read.

    `invalidation` is the verdict on an invalidation where it differs from that on a submission.
    """

    name: str
    does: Callable[[Remote], Act] | str
    written: bool = True
    failure: tuple[str, ...] = ()
    submission: str = UNKNOWN
    invalidation: str = ""
    look_up: str = ""
    stop_key: bool = False
    pause: int = 0
    unreachable: bool = False


def text(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def error(code: str, **more: Any) -> bytes:
    """Return the provider's structured error."""
    return text({"success": False, "error": {"code": code, "message": "no", "details": []}, **more})


def whole(body: Any, status: str = "200 OK", *more: str) -> Callable[[Remote], Act]:
    return does.answering(answer(text(body), status, *more))


HTML = b"<html><body><h1>Please wait</h1></body></html>"
DONE = {"success": True, "data": {"estado": "INVALIDADO", "selloRecibido": "2026A" + "0" * 35}}
PENDING = {**ISSUED, "data": {**ISSUED["data"], "selloRecibido": "", "estado": "CONTINGENCIA"}}

NOTHING_LEFT = [
    Ending(name="refused", does="refused", written=False, failure=("ConnectionError", "NewConnectionError"),
           submission=NOT_SENT, unreachable=True),
    Ending(name="DNS failure", does="dns", written=False, failure=("ConnectionError", "NameResolutionError"),
           submission=NOT_SENT, unreachable=True),
    Ending(name="connect timeout", does="full", written=False, failure=("ConnectTimeout", "ConnectTimeoutError"),
           submission=NOT_SENT, unreachable=True),
    Ending(name="certificate not trusted", does="untrusted", written=False,
           failure=("SSLError", "SSLCertVerificationError"), submission=NOT_SENT, pause=MISCONFIGURED,
           unreachable=True),
    Ending(name="TCP accepts, TLS handshake hangs", does="handshake hangs", written=False, failure=("ReadTimeout",),
           submission=NOT_SENT, unreachable=True),
    Ending(name="TCP accepts, TLS handshake is garbage", does="handshake garbage", written=False,
           failure=("SSLError",), submission=NOT_SENT, unreachable=True),
    Ending(name="TCP accepts and closes before the TLS handshake", does="handshake closed", written=False,
           failure=("SSLError",), submission=NOT_SENT, unreachable=True),
    Ending(name="TCP accepts and resets before the TLS handshake", does="handshake reset", written=False,
           failure=("ConnectionError",), submission=NOT_SENT, unreachable=True),
]  # fmt: skip

ANSWER_LOST = [
    Ending(name="TLS error after the request: bad record", does="bad record", failure=("SSLError",)),
    Ending(name="TLS error after the request: client certificate demanded", does="certificate demanded",
           failure=("SSLError",)),
    Ending(name="TLS closed after the request without an answer", does="tls closed", failure=("ConnectionError",)),
    Ending(name="RST after the request", does=does.reading_then(lambda _remote, peer: does.reset(peer)),
           failure=("ConnectionError", "ProtocolError", "ConnectionResetError")),
    Ending(name="FIN after the request", does=does.reading_then(lambda _remote, _peer: None),
           failure=("ConnectionError", "ProtocolError", "RemoteDisconnected")),
    Ending(name="reset before the request is read", does=does.untouched(does.reset_unread),
           failure=("ConnectionError", "ProtocolError")),
    Ending(name="no answer in time", does=does.silent_after(b""), failure=("ReadTimeout",)),
    Ending(name="half the headers, then silence", does=does.silent_after(b"HTTP/1.1 200 OK\r\nContent-Type: appl"),
           failure=("ReadTimeout",)),
    Ending(name="headers and half a body, then silence", does=does.silent_after(answer(text(ISSUED))[:-40]),
           failure=("ReadTimeoutError",), look_up=CODE),
    Ending(name="body shorter than announced", does=does.answering(answer(text(ISSUED))[:-40]),
           failure=("ProtocolError", "IncompleteRead"), look_up=CODE),
    Ending(name="chunks that end in the middle", look_up="",
           does=does.answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"success\""),
           failure=("ProtocolError",)),
    Ending(name="broken compression", does=whole(b"no gzip at all", "200 OK", "Content-Encoding: gzip"),
           failure=("DecodeError",)),
    Ending(name="garbage instead of HTTP", does=does.answering(b"\x00\xff\x13garbage\r\n\r\n"),
           failure=("ConnectionError", "ProtocolError", "BadStatusLine")),
    Ending(name="slow trickle of the body past the whole deadline", failure=("DeadlinePassed",),
           does=does.trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" " * 100)),
    Ending(name="slow trickle of the headers past the whole deadline", failure=("DeadlinePassed",),
           does=does.trickling(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x" * 100)),
    Ending(name="late answer", does=does.late(answer(text(ISSUED)), 1.2), failure=("ReadTimeout",)),
    Ending(name="an answer without end", does=does.answering(answer(b"x" * 5_000_000)), failure=("AnswerTooLarge",)),
]  # fmt: skip

NO_PROOF = [
    Ending(name="HTML 200", does=does.answering(answer(HTML, kind="text/html"))),
    Ending(name="garbage 200", does=whole(b"\xff\xfe{{{")),
    Ending(name="empty 200", does=whole(b"")),
    Ending(name="200 of another shape", does=whole({"ok": True})),
    Ending(name="200 that states a failure and no reason", does=whole({"success": False})),
    Ending(name="HTML 502", does=does.answering(answer(HTML, "502 Bad Gateway", kind="text/html"))),
    Ending(name="400 without the provider's form", does=does.answering(answer(HTML, "400 Bad Request"))),
    *(Ending(name=f"redirect {code}", does=whole({}, f"{code} Moved", "Location: /v1/dte/factura"))
      for code in (300, 301, 302, 303, 304, 305, 306, 307, 308)),
    *(Ending(name=f"{code} in the provider's form", does=whole(error("INTERNAL"), f"{code} Failed"))
      for code in (500, 501, 502, 503, 504, 505, 507, 520, 599)),
    *(Ending(name=f"any other status: {code}", does=whole(error("ODD"), f"{code} Odd"))
      for code in (402, 406, 408, 409, 410, 418, 425, 451)),
    *(Ending(name=f"success without content: {code}", does=whole(b"", f"{code} Odd")) for code in (201, 202, 204)),
    *(Ending(name=f"id inside an error answer: {code}", look_up=OTHER,
             does=whole(error("REFUSED", data={"codigoGeneracion": OTHER}), f"{code} Failed"))
      for code in (400, 401, 403, 404, 422, 429, 500, 502, 503, 504)),
    Ending(name="id and a failure in a 200", look_up=CODE, does=whole({**ISSUED, "success": False})),
    Ending(name="two ids in a 200", does=whole({**ISSUED, "also": {"codigoGeneracion": OTHER}})),
    Ending(name="it already exists", does=whole(error("HACIENDA_REJECTED", codigoMsg="004"), "422 Refused")),
]  # fmt: skip

VERDICTS = [
    Ending(name="200 with an id and a seal", does=whole(ISSUED), submission=ACCEPTED, invalidation=UNKNOWN),
    Ending(name="200 with an id, the seal pending", does=whole(PENDING), submission=ACCEPTED, invalidation=UNKNOWN),
    Ending(name="200 that says invalidated", does=whole(DONE), submission=UNKNOWN, invalidation=ACCEPTED),
    Ending(name="200 with error text and no id", does=whole(error("VALIDATION_ERROR")), submission=REJECTED),
    Ending(name="400 in the provider's form", does=whole(error("VALIDATION_ERROR"), "400 Bad"), submission=REJECTED),
    Ending(name="422 in the provider's form", does=whole(error("HACIENDA_REJECTED"), "422 Refused"),
           submission=REJECTED),
    Ending(name="a refusal that names the document it is about", does=whole(error("X", document=CODE), "400 Bad"),
           submission=UNKNOWN, look_up=CODE, invalidation=REJECTED),
    Ending(name="401", does=whole(error("UNAUTHORIZED"), "401 No"), submission=NOT_SENT, stop_key=True),
    Ending(name="403", does=whole(error("ACCOUNT_DISABLED"), "403 No"), submission=NOT_SENT, stop_key=True),
    Ending(name="403 as a page", does=does.answering(answer(HTML, "403 No")), submission=NOT_SENT, stop_key=True),
    Ending(name="404", does=whole(error("NOT_FOUND"), "404 No"), submission=NOT_SENT, invalidation=REJECTED,
           pause=MISCONFIGURED),
    Ending(name="404 as a page", does=does.answering(answer(HTML, "404 No")), submission=NOT_SENT,
           pause=MISCONFIGURED),
    Ending(name="429", does=whole(error("RATE_LIMITED"), "429 Slow"), submission=NOT_SENT, pause=RATE_LIMITED),
    Ending(name="429 with a wait", does=whole(error("RATE_LIMITED"), "429 Slow", "Retry-After: 7"),
           submission=NOT_SENT, pause=7),
]  # fmt: skip

ENDINGS = [*NOTHING_LEFT, *ANSWER_LOST, *NO_PROOF, *VERDICTS]
