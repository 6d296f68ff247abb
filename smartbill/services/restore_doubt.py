"""Documents that may have been sent in the time that a restored database forgot: they are in doubt, not to be sent.

Applied at once to all that waits when the backup was restored, and before every claim: a sale that comes back through
Stripe becomes a new document whose twin may have been issued already.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.deadlines import longest_call
from smartbill.journal import unpack
from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import ApiKey, Attempt, Document, Generation, LostSending
from smartbill.models.restore import STAND_IN
from smartbill.providers import provider_for
from smartbill.providers.base import PreparedRequest
from smartbill.services.accept import FIRST_READING
from smartbill.services.replace import codes_of_replacements

logger = logging.getLogger(__name__)

CLOCKS = timedelta(minutes=5)
"""By how much our clock may be behind that of the payment provider; beyond it no webhook is accepted."""
WAITING = [Status.READY, Status.SUBMITTING, Status.INVALIDATING, Status.UNKNOWN]
DISPROVED = [Outcome.REJECTED, Outcome.NOT_SENT]
OPERATION = {
    Status.READY: Operation.SUBMIT,
    Status.SUBMITTING: Operation.SUBMIT,
    Status.UNKNOWN: Operation.SUBMIT,
    Status.STAMPED: Operation.INVALIDATE,
    Status.INVALIDATING: Operation.INVALIDATE,
    Status.INVALIDATION_UNKNOWN: Operation.INVALIDATE,
}
"""The call that a document in this state may have seen without the database knowing."""


def screen(documents: Sequence[Document]) -> list[Document]:
    """Return those of these locked documents that were surely not sent in a forgotten time; the others are in doubt."""
    restored = list(Generation.objects.restored().order_by("-number"))
    if not restored:
        return list(documents)
    sources = [document.source for document in documents]
    journalled = set(LostSending.objects.filter(source__in=sources).values_list("source", flat=True))
    latest = max(each.until for each in restored if each.until) + CLOCKS
    return [
        document
        for document in documents
        if (document.occurred_at > latest and document.source not in journalled)
        or not any(doubt(document, each) for each in restored)
    ]


def doubt(document: Document, generation: Generation) -> bool:
    """Put a document in doubt if it may have been sent in the time that this generation forgot; tell whether it was.

    Call under the document's row lock.
    """
    operation = OPERATION.get(Status(document.status))
    if operation is None:
        return False
    sendings = LostSending.objects.filter(generation=generation, operation=operation)
    found = list(sendings.filter(source=document.source, purpose=document.purpose, document=None).order_by("id"))
    for sending in found:
        _judge(document, sending)
    possible = [sending for sending in found if sending.outcome not in DISPROVED]
    if not possible:
        if sendings.filter(document=document).exclude(attempt=None).exists() or not _is_assumed(document, generation):
            return False
        possible = [_assumed(document, generation, operation)]
    attempt = _attempt_for(document, operation, generation, possible[-1])
    if attempt is None:
        return False
    LostSending.objects.filter(pk__in=[sending.pk for sending in possible]).update(attempt=attempt, document=document)
    return True


def _is_assumed(document: Document, generation: Generation) -> bool:
    """Whether nothing is known of the document, and the time and the state are such that it may have been sent."""
    paid_before = generation.until is not None and document.occurred_at <= generation.until + CLOCKS
    return document.status in WAITING and paid_before and not generation.journals_complete


def _assumed(document: Document, generation: Generation, operation: str) -> LostSending:
    row, _made = LostSending.objects.get_or_create(
        generation=generation,
        document=document,
        operation=operation,
        worker="",
        defaults={
            "source": document.source,
            "purpose": document.purpose,
            "issuer_slug": document.issuer.slug,
            "note": _("Assumed: it waited to be sent, or was paid, before the backup was restored."),
        },
    )
    return row


def _judge(document: Document, sending: LostSending) -> None:
    """Classify a journalled answer by the same table as every other answer."""
    if sending.exchange is None:
        return
    provider, exchange = provider_for(document.issuer), unpack(sending.exchange)
    request = PreparedRequest(route=sending.route, body=_body(document, sending) or b"")
    if sending.operation == Operation.SUBMIT:
        verdict = provider.classify_submission(request, exchange)
        sending.seen_code = verdict.identifiers.generation_code or verdict.look_up
    else:
        verdict = provider.classify_invalidation(request, exchange)
    sending.outcome, sending.note = verdict.outcome, verdict.note
    sending.save(update_fields=["outcome", "note", "seen_code"])


def _attempt_for(document: Document, operation: str, generation: Generation, sending: LostSending) -> Attempt | None:
    """Return the doubtful attempt that stands for the sending, with the document in the state of that doubt."""
    _end_open_call(document, operation)
    live = document.attempts.filter(operation=operation, outcome=Outcome.UNKNOWN, resolved_at=None)
    attempt = live.order_by("-id").first() if document.status in (Status.UNKNOWN, Status.INVALIDATION_UNKNOWN) else None
    if attempt is not None:
        if attempt.worker == STAND_IN:
            _take_reference(document, sending)
        if sending.seen_code and not attempt.seen_code:
            Attempt.objects.filter(pk=attempt.pk).update(seen_code=sending.seen_code)
            Document.objects.filter(pk=document.pk).update(next_at=now())
        return attempt
    if document.status in (Status.UNKNOWN, Status.INVALIDATION_UNKNOWN):
        return None
    _take_reference(document, sending)
    attempt = _stand_in(document, operation, generation, sending)
    if attempt is None:
        return None
    reason = _("A backup was restored: it may have been sent between %(since)s and %(until)s.") % _span(
        generation, document
    )
    if operation == Operation.SUBMIT:
        document.move_to(Status.UNKNOWN, reason=reason, next_at=now() if sending.seen_code else None)
    else:
        if document.status == Status.STAMPED:
            document.move_to(Status.INVALIDATING, reason=reason)
        document.move_to(Status.INVALIDATION_UNKNOWN, reason=reason, next_at=now() + FIRST_READING)
    return attempt


def _end_open_call(document: Document, operation: str) -> None:
    """Give up the call that was under way when the backup was made."""
    open_calls = document.attempts.open().filter(operation=operation)
    note = _("A backup was restored, made while the call was under way.")
    if open_calls.update(outcome=Outcome.UNKNOWN, finished_at=now(), note=note):
        if operation == Operation.SUBMIT:
            document.move_to(Status.UNKNOWN, reason=note)
        else:
            document.move_to(Status.INVALIDATION_UNKNOWN, reason=note, next_at=now() + FIRST_READING)


def _take_reference(document: Document, sending: LostSending) -> None:
    """Take over the reference that was printed then, on a document of ours that never was: by it it is recognised."""
    reference = sending.reference
    if not reference or reference == document.reference:
        return
    if not Document.objects.filter(reference=reference).exists():
        Document.objects.filter(pk=document.pk).update(reference=reference)
        document.reference = reference


def _stand_in(document: Document, operation: str, generation: Generation, sending: LostSending) -> Attempt | None:
    """Write the attempt that stands for the sending: so the fences hold, and people find it where they look.

    None without any key of the issuer: then nothing can have been sent, and nothing can be.
    """
    key = ApiKey.objects.filter(issuer=document.issuer).order_by("stopped_at", "role", "id").last()
    if key is None or generation.since is None or generation.until is None:
        return None
    earlier = document.attempts.filter(operation=operation).aggregate(last=Max("number"))
    body = _body(document, sending) or b""
    exchange = unpack(sending.exchange) if sending.exchange else None
    return Attempt.objects.create(
        document=document,
        operation=operation,
        number=(earlier["last"] or 0) + 1,
        revision=document.revision,
        api_key=key,
        route=sending.route,
        contract_version=provider_for(document.issuer).contract_version,
        request=body,
        request_sha256=sending.request_sha256 or hashlib.sha256(body).hexdigest(),
        worker=STAND_IN,
        started_at=sending.sent_at or generation.since,
        deadline_at=(sending.sent_at or generation.until) + longest_call(),
        outcome=Outcome.UNKNOWN,
        finished_at=now(),
        http_status=exchange.status if exchange else None,
        answer=exchange.body if exchange else None,
        note=sending.note or _("Forgotten with a restored backup; known from a journal."),
        seen_code=sending.seen_code,
    )


def _body(document: Document, sending: LostSending) -> bytes | None:
    """Build the request anew; None when it is not, byte for byte, the one that was sent then."""
    provider = provider_for(document.issuer)
    if sending.operation == Operation.INVALIDATE:
        code = codes_of_replacements([document]).get(document.pk, "")
        return provider.invalidation(document.generation_code, replacement=code).body
    draft = document.revisions.get(number=document.revision).draft
    try:
        body = provider.submission(draft, sending.reference or document.reference).body
    except Exception:
        # What cannot be translated is in doubt all the same; the claim would hold it and say so.
        logger.exception("document %s could not be translated", document.pk)
        return None
    same = not sending.request_sha256 or hashlib.sha256(body).hexdigest() == sending.request_sha256
    return body if same else None


def _span(generation: Generation, document: Document) -> dict[str, str]:
    zone = document.issuer.zone
    ends = {"since": generation.since, "until": generation.until}
    return {name: at.astimezone(zone).strftime("%Y-%m-%d %H:%M") for name, at in ends.items() if at}


def doubt_all(generation: Generation) -> int:
    """Put everything that may have been sent in doubt, each in a transaction of its own; return how many.

    May be repeated, and carried on after a kill.
    """
    waiting = Document.objects.filter(status__in=WAITING).values_list("pk", flat=True)
    return sum(_doubt_one(pk, generation) for pk in list(waiting)) + doubt_journalled(generation)


def doubt_journalled(generation: Generation) -> int:
    """Do so with the documents that a journal names, as far as they exist by now; return how many."""
    unmatched = LostSending.objects.filter(generation=generation, document=None).exclude(outcome__in=DISPROVED)
    named = Document.objects.filter(source__in=unmatched.values("source"), status__in=list(OPERATION))
    return sum(_doubt_one(pk, generation) for pk in list(named.values_list("pk", flat=True)))


def doubt_what_came_back() -> None:
    """Let journals that were handed in meet the documents that exist by now."""
    for generation in Generation.objects.restored().filter(sendings__document=None).distinct():
        doubt_journalled(generation)


def _doubt_one(pk: int, generation: Generation) -> bool:
    with transaction.atomic(durable=True):
        return doubt(Document.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=pk), generation)
