"""An answer to an attempt that had been given up: kept as evidence for ever, and believed when it proves something."""

from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import Attempt, Document, Evidence
from smartbill.providers.base import Exchange, Verdict
from smartbill.services.accept import mark_invalidated
from smartbill.services.doubt import believe_issued, is_doubtful, resolve, suspect


def record_late(attempt: Attempt, exchange: Exchange, verdict: Verdict) -> None:
    """Keep the answer; a success ends the doubt, a code that was seen is looked up."""
    # The document first, as everybody does: a person who answers at this moment comes wholly before or wholly after.
    document = Document.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=attempt.document_id)
    Evidence.objects.create(attempt=attempt, http_status=exchange.status, answer=exchange.body, note=verdict.note)
    attempt.refresh_from_db()
    how = _("The answer arrived late.")
    if attempt.operation == Operation.INVALIDATE:
        if verdict.outcome == Outcome.ACCEPTED:
            _believe_invalidated(document, attempt, verdict, how)
    elif verdict.outcome == Outcome.ACCEPTED:
        believe_issued(document, attempt, verdict.identifiers, how=how)
    elif verdict.look_up:
        suspect(document, attempt, verdict.look_up)
    elif verdict.outcome == Outcome.NOT_SENT and not exchange.written:
        _believe_unsent(document, attempt, how)


def _believe_unsent(document: Document, attempt: Attempt, how: str) -> None:
    """Take the worker's own word that its call, given up meanwhile, never began: nobody else could have made it."""
    if document.status == Status.UNKNOWN and is_doubtful(attempt):
        resolve(document, attempt, outcome=Outcome.NOT_SENT, resolution=how)
        document.move_to(Status.READY, reason=_("The call was given up before it began."), next_at=now())


def _believe_invalidated(document: Document, attempt: Attempt, verdict: Verdict, how: str) -> None:
    """Take the proof that this attempt invalidated the document, whatever was believed meanwhile."""
    others = document.attempts.filter(operation=Operation.INVALIDATE).exclude(pk=attempt.pk)
    if others.open().exists():
        # Another call is under way: its own end is recorded first, and then the document is read.
        document.events.create(before=document.status, after=document.status, reason=how)
        return
    text = _("An earlier attempt had invalidated it.")
    for other in others.filter(outcome=Outcome.UNKNOWN, resolved_at=None):
        resolve(document, other, outcome=Outcome.UNKNOWN, resolution=text)
    if attempt.outcome != Outcome.ACCEPTED:
        resolve(document, attempt, outcome=Outcome.ACCEPTED, resolution=how)
    if document.status == Status.STAMPED:
        document.move_to(Status.INVALIDATING, reason=how)
    if document.status in (Status.INVALIDATING, Status.INVALIDATION_UNKNOWN):
        mark_invalidated(document, at=verdict.identifiers.issued_at, reason=how)
