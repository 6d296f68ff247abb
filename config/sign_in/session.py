"""What a session has proved, how long it may last, and how it is ended from elsewhere."""

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import clear_authentication_records, record_authentication
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest

STARTED, SEEN = "sello_started", "sello_seen"
SEEN_EVERY = 60
"""Seconds after which a sign of life is written again: one write a minute, not one a request."""
SECOND_FACTOR = "mfa"


def start(request: HttpRequest) -> None:
    """Note when the session began."""
    request.session[STARTED] = request.session[SEEN] = int(time.time())


def is_over(request: HttpRequest) -> bool:
    """Whether the session is too old or was left alone for too long; otherwise note that it lives."""
    at = int(time.time())
    started, seen = (request.session.get(name, 0) for name in (STARTED, SEEN))
    if at - started > settings.SESSION_COOKIE_AGE or at - seen > settings.SESSION_IDLE:
        return True
    if at - seen >= SEEN_EVERY:
        request.session[SEEN] = at
    return False


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this very session was opened, or has since been secured, with a second factor."""
    return any(record["method"] == SECOND_FACTOR for record in get_authentication_records(request, _person(request)))


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person has given a password or code a short while ago."""
    given = [record["at"] for record in get_authentication_records(request, _person(request))]
    return bool(given) and time.time() - max(given) < settings.PROOF_LASTS


def prove(request: HttpRequest, user: Any, method: str, **details: Any) -> None:
    """Note that the person has just given a password (`password`) or a second factor (`mfa`)."""
    record_authentication(request, user, method, **details)


def forget_proofs(request: HttpRequest) -> None:
    """Have the session prove a second factor again."""
    clear_authentication_records(request)


def end_sessions(user: Any, *, but: str | None = None) -> int:
    """End every session of a person at once, except the one with this key; return how many ended."""
    ended = 0
    for session in UserSession.objects.filter(user_id=user.pk).exclude(session_key=but or ""):
        session.end()
        ended += 1
    return ended


def _person(request: HttpRequest) -> Any:
    return request.user if request.user.is_authenticated else None
