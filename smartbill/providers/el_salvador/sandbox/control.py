"""A small client of the stand-in's control surface, for the demonstration, the tests and the fault runs."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from smartbill.providers.el_salvador.sandbox import jsonio

_TIMEOUT = 30


class ControlRefused(Exception):
    """The control surface did not understand; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDocument:
    """A document that exists, as the oracle knows it."""

    code: str
    account: str
    kind: str
    control_number: str
    total: Decimal
    receiver: str
    receiver_id: str
    texts: list[str]
    references: list[str]
    issued_at: datetime
    contingency: bool
    seal: str | None
    sealed_at: datetime | None
    invalidated_at: datetime | None
    related: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """A request that reached the stand-in. `outcome`: open, answered, reset, hung or cut."""

    number: int
    at: datetime
    route: str
    public_key: str
    references: list[str]
    body_sha256: str
    fault: str
    outcome: str
    status: int | None
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A mail to a receptor."""

    code: str
    to: str
    at: datetime


class SandboxControl:
    """Switches and truth of one stand-in; `url` is the base address that the provider's client gets."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port

    def hacienda(self, up: bool) -> None:
        """Let the tax authority answer, or be down."""
        self._ask("/hacienda", up=up)

    def regularise(self, code: str = "") -> int:
        """Press the button: send what is in contingency; return how many got their seal (none while down)."""
        return int(self._ask("/regularise", code=code)["sealed"])

    def end_month(self) -> int:
        """Move the clock to the end of the month, when the platform sends by itself; return how many got their seal."""
        return int(self._ask("/month-end")["sealed"])

    def set_clock(self, now: datetime) -> None:
        """Let it be this instant."""
        self._ask("/clock", now=now.isoformat())

    def advance_clock(self, seconds: float) -> None:
        """Let time pass."""
        self._ask("/clock", advance_seconds=str(seconds))

    def real_clock(self) -> None:
        """Return to the real time."""
        self._ask("/clock")

    def fault(self, kind: str, times: int = 1, match: str = "", **options: Any) -> None:
        """Plan a fault of `faults.FAULTS` for the next `times` calls (0 = without end) whose body has this text.

        Options: route ("emission", "any" or one), probability and seed, seconds, code (Hacienda's), about, retry_after.
        """
        texts = {name: str(value) if isinstance(value, float) else value for name, value in options.items()}
        self._ask("/faults", kind=kind, times=times, match=match, **texts)

    def clear_faults(self) -> None:
        """Let everything go well again."""
        self._ask("/faults/clear")

    def documents(self, reference: str = "") -> list[IssuedDocument]:
        """Return what was issued, oldest first: all, or what a search for this text finds."""
        return [_document(row) for row in self._ask("/documents", search=reference)["documents"]]

    def document_json(self, code: str) -> dict[str, Any]:
        """Return everything about one document, its Hacienda JSON and invalidation event included."""
        found: list[dict[str, Any]] = self._ask("/document", code=code)["documents"]
        if not found:
            raise ControlRefused(f"there is no document {code}")
        return found[0]

    def calls(self, reference: str = "") -> list[LoggedCall]:
        """Return the requests that arrived, oldest first: all, or those that carried this reference."""
        rows = self._ask("/calls")["calls"]
        return [_call(row) for row in rows if not reference or reference in row["references"]]

    def calls_by_reference(self) -> dict[str, int]:
        """Return how often each reference was sent."""
        counts: dict[str, int] = self._ask("/calls")["by_reference"]
        return counts

    def mails(self) -> list[SentMail]:
        """Return the mails that the platform sent."""
        rows = self._ask("/mails")["mails"]
        return [SentMail(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows]

    def state(self) -> dict[str, Any]:
        """Return the switches, the clock and the counts."""
        return self._ask("/state")

    def reset(self) -> None:
        """Forget everything: documents, calls, mails, faults; Hacienda is up and the clock is right."""
        self._ask("/reset")

    def _ask(self, path: str, **query: Any) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", f"/_sandbox{path}", jsonio.dumps(query).encode(), headers)
            answer = connection.getresponse()
            body: dict[str, Any] = jsonio.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ControlRefused(body["error"])
        return body


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _document(row: Mapping[str, Any]) -> IssuedDocument:
    times = {name: _instant(row[name]) for name in ("issued_at", "sealed_at", "invalidated_at")}
    return IssuedDocument(**{**row, **times})


def _call(row: Mapping[str, Any]) -> LoggedCall:
    return LoggedCall(**{**row, "at": _instant(row["at"])})
