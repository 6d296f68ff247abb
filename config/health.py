"""The doors of operations: alive, ready, metrics. Strangers learn up or down and nothing else."""

import hmac
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from config import vitals
from config.heartbeat import WORKER, has_beaten, late, silence
from config.lookout import web as lookout
from config.metrics import exposition
from config.sign_in.session import has_second_factor

FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP")


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; nothing else is touched, so that a broken database restarts no web server."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if requests can be served. A silent worker is told but does not close the inbox for webhooks."""
    if not vitals.database_answers():
        return _answer({"ready": False}, {"database": False} if _is_machine(request) else {})
    at = now()
    try:
        applied = vitals.migrations_are_applied()
        if not applied:
            return _answer({"ready": False}, {"migrations": False} if _may_look(request) else {})
        quiet = silence(WORKER, at)
        lookout.hear(quiet, at)
        public = {"ready": True, "worker": "up" if has_beaten(quiet) else "down"}
        return _answer(public, _figures(quiet, at) if _may_look(request) else {})
    except DatabaseError:
        return _answer({"ready": False})


@login_not_required
@require_safe
@never_cache
def worker_readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if background work is being done. A silence is warned of, whoever asks."""
    at = now()
    try:
        quiet = silence(WORKER, at)
        lookout.hear(quiet, at)
        return _answer({"ready": has_beaten(quiet)})
    except DatabaseError:
        return _answer({"ready": False})


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Serve the gauges to a machine with the token, or to loopback where no token is set."""
    if not _is_machine(request):
        raise PermissionDenied
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _figures(quiet: timedelta | None, at: datetime) -> dict[str, Any]:
    """Return what staff and machines learn: ages in seconds, 0 where there is nothing to wait for."""
    return {
        "database": True,
        "migrations": True,
        "heartbeat_age": None if quiet is None else quiet.total_seconds(),
        "late_jobs": sorted(late(vitals.heartbeats(), at)),
        "oldest_due": vitals.oldest_due(at),
        "oldest": vitals.oldest(at),
        "documents_in_doubt": vitals.documents_in_doubt(),
        "breakers": {issuer: state for issuer, (state, _limit) in vitals.breakers().items()},
        "queued_tasks": vitals.queued_tasks(),
        "queue_age": vitals.queue_age(at),
        "failed_tasks_last_hour": vitals.recent_failures(at),
        "open_alerts": {kind: count for kind, count in vitals.open_alerts().items() if count},
    }


def _answer(public: dict[str, Any], detail: dict[str, Any] | None = None) -> JsonResponse:
    return JsonResponse({**public, **(detail or {})}, status=200 if public["ready"] else 503)


def _may_look(request: HttpRequest) -> bool:
    return _is_machine(request) or (request.user.is_staff and has_second_factor(request))


def _is_machine(request: HttpRequest) -> bool:
    """Whether the caller has the token, or (where none is set) sits on this machine and came through no proxy."""
    token: str = settings.OPERATIONS_TOKEN
    if token:
        offered = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(offered.encode(), token.encode())
    proxied = any(header in request.META for header in FORWARDED)
    return not proxied and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
