"""Every door of the house, found by walking the URLconf and the admin: each with each method, and each action."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config.provisioning.groups import groups, set_groups
from config.tokens import READ_ALL, SCOPES, make_token
from smartbill.models import Document
from tests.factories.documents import make_document
from tests.factories.people import make_staff, open_session

ROW = 999999
PEOPLE = ["stranger", "unproved", "nobody", *groups(), "superuser"]
"""Not signed in; signed in without a second factor; staff without any right; each group; everything."""
TOKENS = ["none", "unknown", "revoked", *SCOPES]
METHODS = {"admin/": ["GET", "POST"], "account/": ["GET", "POST"]}
API, API_METHODS = "api/v1/", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
OTHERS = ["GET", "POST"]
SAMPLES = {"uuid": "00000000-0000-4000-8000-000000000000", "int": str(ROW), "str": str(ROW), "path": str(ROW)}
PATTERNS = {
    "admin/(?P<url>.*)$": "admin/nonsense/",
    "admin/billing/correction/add/": f"admin/billing/correction/add/?document={ROW}",
    "admin/guide/<str:name>/": "admin/guide/smartbill.document/",
    "api/v1/^(?P<rest>(?:[\\s\\S]*/)?)\\Z": "api/v1/nonsense/",
}
"""Addresses for routes that are written as expressions, or that ask for a row by their query."""


FORMS = {"/export/": {"format": "csv"}}
"""What is sent to doors that ask for more than the right, by the end of their route."""


@dataclass(frozen=True, slots=True, order=True)
class Door:
    """One line of the table: what is asked of which address, with what."""

    name: str
    method: str
    address: str
    data: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def line(self) -> str:
        return f"{self.method} {self.name}"


def doors() -> list[Door]:
    """Return every door that people use: routes with their methods, and actions of the admin."""
    found = [
        Door(route, method, address, _form(route) if method == "POST" else {})
        for route, address in routes()
        if not route.startswith(API)
        for method in next((METHODS[start] for start in METHODS if route.startswith(start)), OTHERS)
    ]
    return sorted([*found, *actions()])


def _form(route: str) -> dict[str, Any]:
    return next((form for end, form in FORMS.items() if route.endswith(end)), {})


def api_doors() -> list[Door]:
    return sorted(
        Door(route, method, address) for route, address in routes() if route.startswith(API) for method in API_METHODS
    )


def routes() -> list[tuple[str, str]]:
    """Return every route with an address that leads to it."""
    return [(route, f"/{_address(route)}") for route in _routes(get_resolver(), "")]


def _routes(resolver: URLResolver, before: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + _text(pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _routes(pattern, route)


def _text(pattern: URLPattern | URLResolver) -> str:
    text = str(pattern.pattern)
    if found := re.fullmatch(r"\^\(\?P<app_label>([\w|]+)\)/\$", text):
        return f"^(?P<app_label>{'|'.join(sorted(found[1].split('|')))})/$"
    return text


def _address(route: str) -> str:
    if "(?P<app_label>" in route:
        return "admin/smartbill/"
    if route in PATTERNS:
        return PATTERNS[route]
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: SAMPLES[found[1] or "str"], route)


def actions() -> Iterator[Door]:
    """Yield every action; it is asked of a row that does not exist, which is looked for after the right."""
    for page in admin.site._registry.values():
        for _act, name, _label in page.all_actions():
            data = {"action": name, "_selected_action": [str(ROW)]}
            yield Door(f"{page.opts.label_lower} {name}", "ACTION", page.list_url(), data)


def person(role: str) -> Client:
    """Return a browser of somebody in this role; the document that the samples name is there."""
    if not Document.objects.filter(pk=ROW).exists():
        make_document(pk=ROW)
    if role == "stranger":
        return Client()
    staff = make_staff(is_superuser=role in ("superuser", "unproved"))
    if role in groups():
        set_groups()
        staff.groups.set([Group.objects.get(name=role)])
    if role == "unproved":
        client = Client()
        client.force_login(staff)
        return client
    return open_session(staff)


def bearer(kind: str) -> dict[str, str]:
    """Return the header that a machine with this kind of token sends."""
    if kind == "none":
        return {}
    token, secret = make_token(name=kind, scopes=[kind if kind in SCOPES else READ_ALL])
    if kind == "revoked":
        type(token).objects.filter(pk=token.pk).update(revoked_at=token.created_at)
    return {"Authorization": f"Bearer {'sello_unknown' if kind == 'unknown' else secret}"}


def outcome(client: Client, door: Door, **more: Any) -> str:
    """Return in one sign what came of it: see the head of the table."""
    method = "POST" if door.method == "ACTION" else door.method
    ask = getattr(client, method.lower())
    answer = ask(door.address, **({"data": door.data} if door.data else {}), **more)
    to = answer.headers.get("Location", "")
    if answer.status_code == 302 and "/login/" in to:
        return "L"
    if answer.status_code == 302 and to.startswith("/account/app/add/?"):
        return "F"
    return {400: "x", 401: "!", 403: "-", 404: "0", 405: "m", 503: "x"}.get(
        answer.status_code, "x" if answer.status_code < 400 else "?"
    )
