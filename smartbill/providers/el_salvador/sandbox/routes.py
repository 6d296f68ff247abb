"""The six routes of the provider: parse, authorise, validate, wait as long as the real one, act, answer."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from smartbill.providers.el_salvador import contract
from smartbill.providers.el_salvador.sandbox import jsonio
from smartbill.providers.el_salvador.sandbox.accounts import Account, ApiKey
from smartbill.providers.el_salvador.sandbox.arithmetic import IVA, round2
from smartbill.providers.el_salvador.sandbox.clock import FISCAL_ZONE
from smartbill.providers.el_salvador.sandbox.envelopes import Answer, ApiError, success
from smartbill.providers.el_salvador.sandbox.fields import Complaint, Field, check_object, matching, number, text
from smartbill.providers.el_salvador.sandbox.invalidation import eligible, invalidate
from smartbill.providers.el_salvador.sandbox.order import CCF, CREDIT_NOTE, FACTURA, FEX, NoteOrder
from smartbill.providers.el_salvador.sandbox.pace import Pace
from smartbill.providers.el_salvador.sandbox.platform import Platform, Tampering
from smartbill.providers.el_salvador.sandbox.records import Issued
from smartbill.providers.el_salvador.sandbox.signature import sign
from smartbill.providers.el_salvador.sandbox.validation import Refused, Strictness, read_order
from smartbill.providers.el_salvador.sandbox.windows import MONTH
from smartbill.providers.el_salvador.sandbox.wire import documented

INVALIDATE, GET_JSON = "invalidate", "get_json"
ROUTES = (FACTURA, CCF, FEX, CREDIT_NOTE, INVALIDATE, GET_JSON)

_UUID = re.compile(r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")
_CODE = matching(lambda value: isinstance(value, str) and bool(_UUID.match(value)), "must be a generation code")
_NOTE = {
    "documentRelated": Field(check=_CODE, required=True),
    "description": Field(check=text(1, 1000), required=True),
    "amount": Field(check=number(decimals=2, above=0), required=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose request it is, with which key, and what a fault changes in what it issues."""

    account: Account
    key: ApiKey
    tampering: Tampering


def route_of(path: str) -> str | None:
    """Return the route of a path below the version prefix, by the contract in force."""
    names = contract.current()
    return next((route for route in ROUTES if names[f"route.{route}"] == path), None)


class Routes:
    """The provider's API over one platform."""

    def __init__(self, platform: Platform, pace: Pace, *, origin: str, district_required: bool, window: str = MONTH):
        self._platform, self._pace, self._origin, self._window = platform, pace, origin, window
        self._strictness = Strictness(generation=platform.hacienda.generation, district_required=district_required)
        self._handlers: Mapping[str, Callable[[Any, Caller], Answer]] = {
            FACTURA: lambda body, caller: self._emit(FACTURA, body, caller),
            CCF: lambda body, caller: self._emit(CCF, body, caller),
            FEX: lambda body, caller: self._emit(FEX, body, caller),
            CREDIT_NOTE: self._emit_note,
            INVALIDATE: self._invalidate,
            GET_JSON: self._read,
        }

    def answer(self, route: str, raw: bytes, caller: Caller) -> Answer:
        """Do what a request asks for; raises ApiError with the refusal, Stopped when the server ends."""
        if caller.account.disabled:
            raise ApiError("error.account_disabled", "this account is closed")
        try:
            body = jsonio.loads(raw)
        except jsonio.BadJson as error:
            raise ApiError("error.data", f"the body is not JSON: {error}") from error
        return self._handlers[route](body, caller)

    def _emit(self, kind: str, body: Any, caller: Caller) -> Answer:
        try:
            order = read_order(kind, documented(_emission(body)), self._strictness)
        except Refused as error:
            raise ApiError("error.data", "the document is not valid", error.complaints) from error
        self._work(caller)
        return self._emitted(self._platform.issue(order, caller.account, caller.tampering))

    def _emit_note(self, body: Any, caller: Caller) -> Answer:
        fields = documented(_emission(body))
        complaints = check_object(fields, _NOTE, "")
        if complaints:
            raise ApiError("error.data", "the credit note is not valid", complaints)
        amount = Decimal(fields["amount"])
        if not contract.current()["credit_note.includes_tax"]:
            amount = round2(amount * (1 + IVA))
        order = NoteOrder(related=fields["documentRelated"], description=fields["description"], amount=amount)
        self._work(caller)
        return self._emitted(self._platform.issue_note(order, caller.account, caller.tampering))

    def _work(self, caller: Caller) -> None:
        self._pace.work(contingency=caller.tampering.contingency or not self._platform.hacienda.up)

    def _emitted(self, document: Issued) -> Answer:
        return success(
            code=document.code,
            codigoGeneracion=document.code,
            numeroControl=document.control_number,
            selloRecibido=document.seal,
            estado=_state(document),
            fechaEmision=_local(document.issued_at),
            observaciones=[],
            **self._addresses(document),
        )

    def _addresses(self, document: Issued) -> dict[str, str]:
        page = f"{self._origin}/documents/{document.code}"
        return {"url": page, "pdfUrl": f"{page}.pdf"}

    def _invalidate(self, body: Any, caller: Caller) -> Answer:
        field = contract.current()["field.replacement"]
        asked = _asked(body, optional=(field,) if field else ())
        code, replacement = asked["document"], asked.get(field)
        about = (self._platform, caller.account, caller.key, code)
        eligible(*about, replacement=replacement, obeyed=self._window)
        self._pace.work()
        done = invalidate(*about, replacement=replacement, obeyed=self._window)
        return success(
            codigoGeneracion=code.upper(),
            estado=contract.current()["state.invalidated"],
            selloRecibido=done.seal,
            fechaInvalidacion=_local(done.at),
        )

    def _read(self, body: Any, caller: Caller) -> Answer:
        document = self._platform.store.find(caller.account.name, _asked(body)["document"])
        if document is None:
            raise ApiError("error.not_found", "there is no document with this code")
        event = document.invalidation
        return success(
            codigoGeneracion=document.code,
            estado=_state(document),
            selloRecibido=document.seal,
            fechaProcesamiento=_local(document.sealed_at),
            document=delivered(document),
            invalidation={
                "codigoGeneracion": event.code,
                "selloRecibido": event.seal,
                "fechaInvalidacion": _local(event.at),
            }
            if event
            else None,
            **self._addresses(document),
        )


def delivered(document: Issued) -> dict[str, Any]:
    """Return the document as the customer gets it: with signature, and with the seal once there is one."""
    signed = document.document | {"firmaElectronica": sign(document.document)}
    return signed | ({"selloRecibido": document.seal} if document.seal else {})


def _emission(body: Any) -> Any:
    return _only(body, contract.current()["envelope.emission"])


def _asked(body: Any, *, optional: Sequence[str] = ()) -> dict[str, str]:
    """Return the code of the document that a request is about, as `document`, and the optional codes that it names."""
    names = contract.current()
    envelope, name = names["envelope.document"], names["field.document"]
    inner = _only(body, envelope) if envelope else body
    fields = {name: Field(check=_CODE, required=True)} | {each: Field(check=_CODE) for each in optional}
    complaints = check_object(inner, fields, envelope)
    if complaints:
        raise ApiError("error.data", "the request is not valid", complaints)
    return {"document": str(inner[name])} | {each: str(inner[each]) for each in optional if inner.get(each)}


def _only(body: Any, name: str) -> Any:
    """Return what the envelope holds, and refuse anything beside it."""
    if not isinstance(body, dict) or set(body) != {name}:
        complaint = Complaint(field=name, message="the body must be an object with this field alone")
        raise ApiError("error.data", "the request is not valid", [complaint])
    return body[name]


def _state(document: Issued) -> str:
    names = contract.current()
    if document.invalidation:
        return str(names["state.invalidated"])
    return str(names["state.stamped"] if document.seal else names["state.contingency"])


def _local(instant: datetime | None) -> str | None:
    return instant.astimezone(FISCAL_ZONE).isoformat(timespec="seconds") if instant else None
