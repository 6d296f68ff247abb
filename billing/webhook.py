"""The address that Stripe delivers to: verify, store one row, answer. Everything else is the worker's.

Our own instead of dj-stripe's view, which stores unverified bodies, answers 500 to hostile ones, and calls Stripe
back inside a transaction. Nothing of a request is ever logged.
"""

import logging
from time import time
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseProblem
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.errors import SignatureRefused
from billing.known_endpoints import endpoint_at, read_anew
from billing.models import StripeEndpoint
from billing.services.receive_event import WrongMode, receive_event
from billing.signature import verify_signature
from config.kill_points import reach
from notifications.encryption import Undecryptable

logger = logging.getLogger(__name__)

LARGEST_BODY = 512 * 1024


@csrf_exempt
@login_not_required
@transaction.non_atomic_requests
@require_POST
def stripe_webhook(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Answer 200 only when the event is stored for good; Stripe repeats every other answer for three days."""
    try:
        return HttpResponse(status=_take(request, uuid))
    except SignatureRefused as refusal:
        logger.warning("Stripe endpoint %s: request refused: %s", uuid, refusal)
        return HttpResponse(status=400)
    except WrongMode:
        logger.error("Stripe endpoint %s: a signed event of the other mode was refused.", uuid)
        return HttpResponse(status=400)
    except (DatabaseProblem, Undecryptable) as problem:
        logger.error("Stripe endpoint %s: event not stored (%s).", uuid, type(problem).__name__)
        return HttpResponse(status=503)


def _take(request: HttpRequest, uuid: UUID) -> int:
    if _declared_length(request) > LARGEST_BODY:
        return 413
    endpoint, is_fresh = endpoint_at(uuid)
    if endpoint is None:
        return 404
    if not endpoint.enabled:
        return 410
    try:
        body = request.body
    except UnreadablePostError as error:
        raise SignatureRefused("The body ended too early.") from error
    try:
        _verify(request, body, endpoint)
    except SignatureRefused:
        # The secret may be newer than what is kept of the endpoint.
        endpoint = None if is_fresh else read_anew(uuid)
        if endpoint is None or not endpoint.enabled:
            raise
        _verify(request, body, endpoint)
    reach("after_verify")
    _store(endpoint, body)
    reach("after_insert")
    return 200


def _store(endpoint: StripeEndpoint, body: bytes) -> None:
    """Store the event; on a connection that died meanwhile once more, for a row that came through is found there.

    That is cheaper than to ask before each event whether the connection lives, and the second try helps more.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]
    try:
        receive_event(endpoint=endpoint, body=body)
    except (InterfaceError, OperationalError):
        connection.close_if_unusable_or_obsolete()
        receive_event(endpoint=endpoint, body=body)


def _verify(request: HttpRequest, body: bytes, endpoint: StripeEndpoint) -> None:
    verify_signature(
        header=request.META.get("HTTP_STRIPE_SIGNATURE", ""),
        body=body,
        secrets=endpoint.active_secrets,
        now=time(),
        tolerance=settings.STRIPE_WEBHOOK_TOLERANCE,
    )


def _declared_length(request: HttpRequest) -> int:
    """The size that Django will read up to; it stumbles itself over one that is no number."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise SignatureRefused("The declared length is no number.") from error
