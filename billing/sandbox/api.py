"""The public API: key, fault, route, idempotency, work, expansion, log, in that order for every call."""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.sandbox.errors import Json, StripeFault
from billing.sandbox.expand import expand
from billing.sandbox.faults import Fault
from billing.sandbox.lists import Page
from billing.sandbox.memory import fingerprint
from billing.sandbox.params import Params, decode
from billing.sandbox.render import render
from billing.sandbox.resources.table import ROUTES
from billing.sandbox.router import Call, Route, Router
from billing.sandbox.shapes import API_VERSION, copy_of
from billing.sandbox.world import World

KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9]{10,}")
ROUTER = Router(ROUTES)


@dataclass(frozen=True)
class Request:
    """What arrived. Header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """What goes back; `torn` closes the connection without an answer."""

    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)
    torn: bool = False


TORN = Response(0, {}, torn=True)


def respond(world: World, request: Request) -> Response:
    """Answer one call of the API and note it."""
    fault = world.faults.take(request.method, request.path)
    headers = {"Request-Id": f"req_{secrets.token_hex(7)}", "Stripe-Version": _version(request)}
    try:
        if fault is not None and not fault.after:
            raise fault.answer()
        status, body = _carried_out(world, request, headers)
        if fault is not None:
            raise fault.answer()
    except StripeFault as error:
        status, body = error.status, copy_of(error.body)
        body["error"]["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{headers['Request-Id']}"
    torn = fault is not None and fault.status == 0
    _note(world, request, 0 if torn else status, headers)
    return TORN if torn else Response(status, body, headers | _advice(fault))


def _version(request: Request) -> str:
    return request.headers.get("stripe-version", API_VERSION)


def _advice(fault: Fault | None) -> dict[str, str]:
    return {"Retry-After": str(fault.retry_after)} if fault and fault.retry_after is not None else {}


def _carried_out(world: World, request: Request, headers: dict[str, str]) -> tuple[int, Json]:
    _check_key(request, livemode=world.store.livemode)
    route, ids = ROUTER.find(request.method, request.path)
    raw = decode(request.body.decode() if request.method == "POST" else request.query)
    key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    with world.store.lock:
        asked = fingerprint(request.method, request.path, raw)
        earlier = world.memory.recall(key, asked) if key else None
        if earlier is not None:
            headers |= {"Idempotent-Replayed": "true", "Idempotency-Key": key}
            return earlier.status, earlier.body
        world.store.origin = {"id": headers["Request-Id"], "idempotency_key": key or None}
        status, body = _worked(world, route, ids, raw)
        if key:
            world.memory.keep(key, asked, status, body)
            headers["Idempotency-Key"] = key
        world.announce()
    return status, body


def _worked(world: World, route: Route, ids: dict[str, str], raw: Json) -> tuple[int, Json]:
    """Do the work. A refusal that left something behind (a declined card) is an answer like any other."""
    params = Params(raw)
    try:
        params.refuse_others((*route.takes, "expand"))
        with world.store.step():
            found = route.answer(Call(world.store, params, ids))
            return 200, shown(world, found, params.texts("expand"))
    except StripeFault as error:
        return error.status, copy_of(error.body)


def shown(world: World, found: Json | Page, paths: list[str]) -> Json:
    """The answer as it goes over the wire."""
    if isinstance(found, Page):
        data = [render(world.store, row) for row in found.rows]
        wire: Json = {"object": "list", "data": data, "has_more": found.has_more, "url": found.url}
    else:
        wire = render(world.store, found)
    wire = copy_of(wire)
    expand(world.store, wire, paths)
    return wire


def _check_key(request: Request, *, livemode: bool) -> None:
    key = _key_of(request.headers.get("authorization", ""))
    if not key:
        raise StripeFault(401, "You did not provide an API key.")
    found = KEY.fullmatch(key)
    if found is None or (found[2] == "live") != livemode:
        raise StripeFault(401, f"Invalid API Key provided: {key[:8]}{'*' * 8}{key[-4:]}")


def _key_of(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0] if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _note(world: World, request: Request, status: int, headers: dict[str, str]) -> None:
    world.calls.note(
        {
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body": request.body.decode(errors="replace"),
            "status": status,
            "stripe_version": request.headers.get("stripe-version"),
            "idempotency_key": request.headers.get("idempotency-key"),
            "replayed": "Idempotent-Replayed" in headers,
            "request_id": headers["Request-Id"],
            "at": world.clock.now(),
        }
    )
