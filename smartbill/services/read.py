"""The look-ups that are due: which code each document is read by, and when."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.deadlines import longest_call
from smartbill.errors import RateReached, SmartbillError, TransitionRefused
from smartbill.lifecycle import Operation, Status
from smartbill.models import Document
from smartbill.permissions import require
from smartbill.providers.base import Exchange, Reading
from smartbill.services.apply_reading import apply_reading
from smartbill.services.ask import Question, keep_reading, prepare, put_to_the_others, take_turn

logger = logging.getLogger(__name__)

READABLE = [Status.CONTINGENCY, Status.UNKNOWN, Status.INVALIDATION_UNKNOWN, Status.STAMPED, Status.INVALIDATED]
PAUSE = timedelta(minutes=5)
"""Before a look-up that failed for a reason of ours is tried again."""
AT_ONCE = 8
"""Look-ups under way in one task: after an outage of hundreds of documents they must not queue behind each other."""

Asking = tuple[Question, Future[tuple[Exchange, Reading]]]


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
    """Read the documents whose look-up is due, several at once, within the drain's budget."""
    stop_at = time.monotonic() + settings.DRAIN["budget"]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        while time.monotonic() < stop_at:
            documents = _claim_readings()
            if not documents:
                return
            asked = [(document, _begin(document, threads)) for document in documents]
            for document, asking in asked:
                if asking is not None:
                    _take_answer(document, *asking)


def _begin(document: Document, threads: Executor) -> Asking | None:
    """Begin to ask about a document; the thread touches no database."""
    with _alone(document):
        code = code_to_read(document)
        if code:
            asked = prepare(document.issuer, code=code)
            take_turn(document.issuer)
            return asked, threads.submit(asked.put, asked.keys[0])
        Document.objects.filter(pk=document.pk, status=document.status).update(next_at=None)
    return None


def _take_answer(document: Document, asked: Question, answer: Future[tuple[Exchange, Reading]]) -> None:
    with _alone(document):
        exchange, reading = put_to_the_others(asked, answer.result())
        keep_reading(document, asked.code, exchange, reading)
        apply_reading(document, reading, code=asked.code)


@contextmanager
def _alone(document: Document) -> Iterator[None]:
    """Let what fails for one document, its issuer or its key not touch the look-ups of the others."""
    try:
        yield
    except (InterfaceError, OperationalError):
        raise
    except RateReached as reached:
        Document.objects.filter(pk=document.pk, status=document.status).update(next_at=reached.free_at)
    except Exception:
        logger.exception("document %s could not be looked up", document.pk)
        Document.objects.filter(pk=document.pk, status=document.status).update(next_at=now() + PAUSE)


def _claim_readings() -> list[Document]:
    """Take the next due documents by moving their time behind a lease; two readers never take the same."""
    at = now()
    due = Document.objects.due(at).filter(status__in=READABLE).order_by("next_at", "id").select_related("issuer")
    lease, taken, of_issuer = at + longest_call(), [], Counter[int]()
    for document in due[:AT_ONCE]:
        if of_issuer[document.issuer_id] >= document.issuer.in_flight:
            continue
        if Document.objects.filter(pk=document.pk, next_at=document.next_at).update(next_at=lease):
            of_issuer[document.issuer_id] += 1
            taken.append(document)
    return taken
