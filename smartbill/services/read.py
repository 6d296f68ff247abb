"""Asking the remote what it holds under a code we know. Reading never emits anything and may be repeated at will."""

import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.deadlines import longest_call
from smartbill.errors import PreconditionFailed, RateReached, SmartbillError, TransitionRefused
from smartbill.lifecycle import Operation, Status
from smartbill.models import ApiKey, Document, Issuer, ReadingRecord
from smartbill.permissions import require
from smartbill.providers import provider_for
from smartbill.providers.base import Exchange, Reading
from smartbill.services.apply_reading import apply_reading
from smartbill.services.channel import take_reading

logger = logging.getLogger(__name__)

READABLE = [Status.CONTINGENCY, Status.UNKNOWN, Status.INVALIDATION_UNKNOWN, Status.STAMPED, Status.INVALIDATED]
PAUSE = timedelta(minutes=5)
"""Before a look-up that failed for a reason of ours is tried again."""


def queue_reading(document: Document, *, actor: Any) -> None:
    """Have the document read at once. For a contingency this asks for the seal; it never issues anything anew."""
    require(actor, "smartbill.submit_document")
    if document.status not in READABLE or not code_to_read(document):
        raise SmartbillError(_("There is no code that could be looked up."))
    unmoved = Document.objects.filter(pk=document.pk, status=document.status)
    with transaction.atomic():
        if not unmoved.update(next_at=now()):
            document.refresh_from_db()
            raise TransitionRefused(document, document.status)
        note = _("Look-up asked for.")
        document.events.create(before=document.status, after=document.status, actor=actor, reason=note)


def code_to_read(document: Document) -> str:
    """Return the code by which the remote may know the document: its own, or one seen in a doubtful answer."""
    if document.generation_code:
        return document.generation_code
    doubtful = document.attempts.filter(operation=Operation.SUBMIT, resolved_at=None).exclude(seen_code="")
    newest = doubtful.order_by("-id").first()
    return newest.seen_code if newest else ""


def read_due_documents() -> None:
    """Read every document whose look-up is due, one after the other, within the drain's budget."""
    stop_at = time.monotonic() + settings.DRAIN["budget"]
    while time.monotonic() < stop_at:
        document = _claim_reading()
        if document is None:
            return
        try:
            _read(document)
        except (InterfaceError, OperationalError):
            raise
        except RateReached as reached:
            Document.objects.filter(pk=document.pk, status=document.status).update(next_at=reached.free_at)
        except Exception:
            # No key, or a defect of ours: the look-ups of other documents and issuers go on.
            logger.exception("document %s could not be looked up", document.pk)
            Document.objects.filter(pk=document.pk, status=document.status).update(next_at=now() + PAUSE)


def _read(document: Document) -> None:
    code = code_to_read(document)
    if code:
        apply_reading(document, read_remote(document, code=code), code=code)
    else:
        Document.objects.filter(pk=document.pk, status=document.status).update(next_at=None)


def _claim_reading() -> Document | None:
    """Take the next due document by moving its time behind a lease; two readers never take the same."""
    at = now()
    due = Document.objects.due(at).filter(status__in=READABLE).order_by("next_at", "id")
    for document in due.select_related("issuer")[:8]:
        if Document.objects.filter(pk=document.pk, next_at=document.next_at).update(next_at=at + longest_call()):
            return document
    return None


def read_remote(document: Document, *, code: str, actor: Any = None) -> Reading:
    """Ask the provider for a code and keep question and answer with the document; raises PreconditionFailed."""
    exchange, reading = _exchange(document.issuer, code)
    ReadingRecord.objects.create(
        document=document,
        code=code,
        state=reading.state,
        http_status=exchange.status,
        failure=exchange.failure,
        content=reading.document or None,
        actor=actor,
    )
    return reading


def ask(issuer: Issuer, *, code: str) -> Reading:
    """Ask the provider for a code without keeping the answer; raises PreconditionFailed without a usable key."""
    return _exchange(issuer, code)[1]


def _exchange(issuer: Issuer, code: str) -> tuple[Exchange, Reading]:
    keys = list(ApiKey.objects.usable().filter(issuer=issuer).order_by("-role", "id"))
    if not keys:
        raise PreconditionFailed(_("The issuer has no usable API key."))
    provider = provider_for(issuer)
    request = provider.reading(code)
    for key in keys:
        if free_at := take_reading(issuer):
            raise RateReached(free_at)
        exchange = provider.send(request, key.credentials, not_after=time.monotonic() + 60)
        reading = provider.classify_reading(request, exchange)
        # A key that is refused for looking must not keep the others from it; it is stopped when it is to send.
        if not reading.is_key_refused:
            break
    return exchange, reading
