"""The first half of the protocol: choose due documents, freeze their requests, and commit before any byte leaves."""

import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.kill_points import reach
from notifications.encryption import Undecryptable
from smartbill.deadlines import longest_call
from smartbill.journal import Trace
from smartbill.lifecycle import Operation, Status
from smartbill.models import ApiKey, Attempt, Channel, Document, Issuer, Revision
from smartbill.providers import provider_for
from smartbill.providers.base import Credentials, PreparedRequest, Provider
from smartbill.services.channel import lock_channel, new_calls, note_calls, pause_channel, places_for
from smartbill.services.guard import agree, begin_if_first
from smartbill.services.hold_by_law import screen_by_law
from smartbill.services.replace import codes_of_replacements
from smartbill.services.restore_doubt import screen

logger = logging.getLogger(__name__)

NO_KEY_PAUSE = timedelta(minutes=5)
OPERATIONS = {Status.READY: Operation.SUBMIT, Status.INVALIDATING: Operation.INVALIDATE}


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that is ours to make, with all that the calling thread needs; it touches no database."""

    attempt_id: int
    provider: Provider
    request: PreparedRequest
    credentials: Credentials
    trace: Trace
    not_after: float
    """A `time.monotonic()` instant after which the first byte may not leave."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the channel lets a worker do: new calls, and how many of all its calls may be on the wire at once."""

    claims: list[Claim]
    places: int


def issuers_with_work(at: datetime) -> list[int]:
    """Return the issuers that have something to send and whose channel is not shut."""
    waiting = Document.objects.to_send(at).filter(issuer=OuterRef("pk")).order_by()
    shut = Channel.objects.shut(at).values("pk")
    return list(Issuer.objects.filter(Exists(waiting), active=True).exclude(pk__in=shut).values_list("pk", flat=True))


def claim_due(*, issuer_id: int, worker: str, limit: int, in_hand: int = 0, ahead: bool = False) -> Grant:
    """Claim at most `limit` due documents of an issuer, within what its channel lets through at this moment.

    `in_hand` calls of this worker have not ended yet; `ahead` asks for a few that wait for a place. Raises
    RestoreNeeded when the database does not know what was sent last.
    """
    reach("before_claim")
    begin_if_first()
    # Taken before the claim: a process that sleeps between claim and call must find itself too late.
    not_after = time.monotonic() + settings.DRAIN["late"]
    with transaction.atomic(durable=True):
        agree()
        # The channel's row is the gate: calls under way are counted under its lock, over all hosts.
        channel, issuer, at = lock_channel(issuer_id), Issuer.objects.get(pk=issuer_id), now()
        places = places_for(channel, issuer, at, worker=worker)
        free = min(limit, new_calls(channel, issuer, at, places=places, in_hand=in_hand, ahead=ahead))
        claims = _claim(channel, issuer, at, free, worker, not_after) if free > 0 else []
    if claims:
        reach("after_claim")
    return Grant(claims, places)


def _claim(channel: Channel, issuer: Issuer, at: datetime, free: int, worker: str, not_after: float) -> list[Claim]:
    documents = _lock_due(issuer, at, free)
    claims: list[Claim] = []
    for status, operation in OPERATIONS.items():
        batch = screen([document for document in documents if document.status == status])
        if status == Status.READY:
            batch = screen_by_law(batch, issuer, at)
        if batch:
            claims += _claim_batch(batch, issuer, operation, worker, not_after)
    if claims:
        note_calls(channel, issuer, at, len(claims))
    return claims


def _lock_due(issuer: Issuer, at: datetime, free: int) -> list[Document]:
    rows = Document.objects.to_send(at).filter(issuer=issuer)
    if not issuer.one_per_series:
        return list(rows.select_for_update(skip_locked=True)[:free])
    busy = Attempt.objects.open().filter(document__issuer=issuer).values("document__series")
    series = rows.exclude(series__in=busy).order_by().values_list("series", flat=True).distinct()
    return [row for each in series[:free] for row in rows.filter(series=each).select_for_update(skip_locked=True)[:1]]


def _claim_batch(
    documents: Sequence[Document], issuer: Issuer, operation: str, worker: str, not_after: float
) -> list[Claim]:
    key = _key(issuer, operation)
    if key is None:
        _wait_for_key(documents, issuer, operation)
        return []
    provider = provider_for(issuer)
    requests = _requests(documents, provider, operation)
    ours = [document for document in documents if document.pk in requests]
    if not ours:
        return []
    attempts = _open_attempts(ours, requests, key, operation, worker, provider.contract_version)
    if operation == Operation.SUBMIT:
        Document.move_all(ours, Status.SUBMITTING, next_at=attempts[0].deadline_at)
    else:
        Document.objects.filter(pk__in=requests).update(next_at=None)
    return [
        Claim(attempt.pk, provider, requests[attempt.document_id], key.credentials, _trace(attempt, issuer), not_after)
        for attempt in attempts
    ]


def _trace(attempt: Attempt, issuer: Issuer) -> Trace:
    """Return what the journal keeps of a sending, for a database that has forgotten it."""
    document = attempt.document
    return {
        "issuer": issuer.slug,
        "operation": attempt.operation,
        "route": attempt.route,
        "source": document.source,
        "purpose": document.purpose,
        "reference": document.reference,
        "sha256": attempt.request_sha256,
    }


def _key(issuer: Issuer, operation: str) -> ApiKey | None:
    try:
        return ApiKey.objects.usable().able_to(operation).filter(issuer=issuer).order_by("role", "id").last()
    except Undecryptable:
        logger.exception("issuer %s: its API key cannot be opened", issuer.slug)
        return None


def _requests(documents: Sequence[Document], provider: Provider, operation: str) -> dict[int, PreparedRequest]:
    """Return the request of each document by its key. One that cannot be translated is held and left out."""
    revisions = {
        (revision.document_id, revision.number): revision
        for revision in Revision.objects.filter(document__in=documents)
        if operation == Operation.SUBMIT
    }
    replacements = codes_of_replacements(documents) if operation == Operation.INVALIDATE else {}
    requests = {}
    for document in documents:
        try:
            if operation == Operation.INVALIDATE:
                code = replacements.get(document.pk, "")
                requests[document.pk] = provider.invalidation(document.generation_code, replacement=code)
            else:
                draft = revisions[document.pk, document.revision].draft
                requests[document.pk] = provider.submission(draft, document.reference)
        except Exception:
            # A defect of ours in building one document must hold that document alone and never the queue behind it.
            logger.exception("document %s could not be translated", document.pk)
            _hold_untranslatable(document)
    return requests


def _open_attempts(
    documents: Sequence[Document],
    requests: dict[int, PreparedRequest],
    key: ApiKey,
    operation: str,
    worker: str,
    contract_version: str,
) -> list[Attempt]:
    at = now()
    earlier = Attempt.objects.filter(document__in=documents, operation=operation).order_by().values("document")
    numbers = dict(earlier.annotate(last=Max("number")).values_list("document", "last"))
    return Attempt.objects.bulk_create(
        Attempt(
            document=document,
            operation=operation,
            number=numbers.get(document.pk, 0) + 1,
            revision=document.revision,
            api_key=key,
            route=requests[document.pk].route,
            contract_version=contract_version,
            request=requests[document.pk].body,
            request_sha256=hashlib.sha256(requests[document.pk].body).hexdigest(),
            worker=worker,
            started_at=at,
            deadline_at=at + longest_call(),
        )
        for document in documents
    )


def _wait_for_key(documents: Sequence[Document], issuer: Issuer, operation: str) -> None:
    """Pause the issuer, who can send nothing. Without a manager key an invalidation waits alone: sending goes on."""
    until = now() + NO_KEY_PAUSE
    logger.error("issuer %s has no usable key to %s", issuer.slug, operation)
    if operation == Operation.INVALIDATE:
        Document.objects.filter(pk__in=[document.pk for document in documents]).update(next_at=until)
        return
    label = str(Operation(operation).label)
    pause_channel(issuer.pk, until=until, why=_("No usable API key for: %(what)s.") % {"what": label})


def _hold_untranslatable(document: Document) -> None:
    reason = _("The document could not be translated for the provider: this is a defect, please report it.")
    if document.status == Status.READY:
        document.move_to(Status.HELD, reason=reason)
    else:
        document.move_to(Status.STAMPED, reason=reason)
