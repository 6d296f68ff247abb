"""One request to the provider's API from arrival to what the socket does: log, fault plan, keys, routes."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from smartbill.providers.el_salvador import contract
from smartbill.providers.el_salvador.sandbox import faults
from smartbill.providers.el_salvador.sandbox.accounts import Account, find_key
from smartbill.providers.el_salvador.sandbox.clock import Clock
from smartbill.providers.el_salvador.sandbox.envelopes import (
    Answer,
    ApiError,
    failure,
    html_answer,
    json_answer,
)
from smartbill.providers.el_salvador.sandbox.fields import Complaint
from smartbill.providers.el_salvador.sandbox.pace import Pace, Stopped
from smartbill.providers.el_salvador.sandbox.platform import Tampering
from smartbill.providers.el_salvador.sandbox.records import Call, references_in
from smartbill.providers.el_salvador.sandbox.routes import Caller, Routes
from smartbill.providers.el_salvador.sandbox.store import Store

SEND, RESET, HANG, CUT = "send", "reset", "hang", "cut"
_OUTCOMES = {SEND: "answered", RESET: "reset", HANG: "hung", CUT: "cut"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What arrived: the route of the contract, headers with lower-case names, the raw body."""

    route: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, for matching."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the socket does: send the answer, cut it short, reset the connection, or hang."""

    act: str = SEND
    answer: Answer | None = None


class Exchange:
    """Runs requests; every one is in the call log with what became of it."""

    def __init__(self, *, accounts: Sequence[Account], store: Store, clock: Clock, pace: Pace, routes: Routes) -> None:
        self.plan = faults.FaultPlan()
        self._accounts, self._store, self._clock, self._pace, self._routes = accounts, store, clock, pace, routes

    def run(self, request: Request) -> Reply:
        """Do what a request asks for, as the fault plan lets it."""
        planned = self.plan.take(request.route, request.text)
        call = self._store.open_call(self._call(request, planned))
        try:
            reply = self._struck(request, planned, call) if planned else self._answered(request, Tampering(), call)
        except Stopped:
            reply = Reply(act=RESET)
        call.outcome = _OUTCOMES[reply.act]
        call.status = reply.answer.status if reply.answer else None
        self._store.close_call(call)
        return reply

    def _call(self, request: Request, planned: faults.PlannedFault | None) -> Call:
        return Call(
            number=0,
            at=self._clock.now(),
            route=request.route,
            public_key=request.headers.get(_header("public_key"), ""),
            references=references_in([request.text.replace("\\n", "\n").replace('"', " ")]),
            body_sha256=hashlib.sha256(request.body).hexdigest(),
            fault=planned.kind if planned else "",
        )

    def _answered(self, request: Request, tampering: Tampering, call: Call) -> Reply:
        try:
            answer = self._routes.answer(request.route, request.body, self._caller(request, tampering))
        except ApiError as error:
            return Reply(answer=failure(error))
        call.code = answer.code
        return Reply(answer=answer)

    def _caller(self, request: Request, tampering: Tampering) -> Caller:
        pair = (request.headers.get(_header("public_key"), ""), request.headers.get(_header("private_key"), ""))
        found = find_key(self._accounts, *pair)
        if found is None:
            raise ApiError("error.unauthorized", "wrong or revoked keys")
        return Caller(account=found[0], key=found[1], tampering=tampering)

    def _struck(self, request: Request, planned: faults.PlannedFault, call: Call) -> Reply:
        fault = planned.fault
        if fault.stage == faults.BEFORE and fault.act == faults.LATE:
            self._pace.wait(planned.seconds)
        elif fault.stage == faults.BEFORE and fault.act:
            return self._spoilt(planned, request, code=str(uuid.uuid4()).upper())
        tampering = Tampering(
            contingency=fault.contingency, mails=fault.mails, off_by=Decimal(1) if fault.total_off else Decimal(0)
        )
        reply = self._answered(request, tampering, call)
        if fault.stage == faults.BEFORE:
            return reply
        if fault.act == faults.LATE:
            self._pace.wait(planned.seconds)
            return reply
        if fault.act == faults.CUT:
            return Reply(act=CUT, answer=reply.answer)
        return self._spoilt(planned, request, code=call.code)

    def _spoilt(self, planned: faults.PlannedFault, request: Request, *, code: str) -> Reply:
        fault = planned.fault
        if fault.act in (faults.RESET, faults.HANG):
            return Reply(act=fault.act)
        if fault.row:
            return Reply(answer=_refusal(planned, code if fault.with_code else ""))
        if fault.page:
            return Reply(answer=html_answer(fault.status, fault.page))
        headers = {"Location": request.path} if fault.status == 307 else {}
        names = contract.current()
        return Reply(answer=json_answer(fault.status, {names["answer.success"]: True}, headers=headers))


def _header(name: str) -> str:
    return str(contract.current()[f"header.{name}"]).lower()


def _refusal(planned: faults.PlannedFault, code: str) -> Answer:
    row = planned.fault.row
    details = []
    if row in ("error.data", "error.refused"):
        details.append(Complaint(field=planned.about, message="refused by the fault plan", code=planned.code))
    message = f"refused by the fault plan {code}".strip()
    return failure(
        ApiError(row, message, details), retry_after=planned.retry_after if row == "error.rate_limited" else None
    )
