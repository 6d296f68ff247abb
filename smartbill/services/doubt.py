"""The end of a doubt about an attempt, its reopening when proof arrives, and what is said when there are two.

Everything here is called inside a transaction that holds the document's row lock.
"""

import logging

from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.lifecycle import ISSUED, Operation, Outcome, Status
from smartbill.models import Attempt, Document
from smartbill.providers.base import Identifiers
from smartbill.services.accept import accept
from smartbill.services.propose import lapse_proposal

logger = logging.getLogger(__name__)


def resolve(document: Document, attempt: Attempt, *, outcome: str, resolution: str) -> None:
    """End the doubt about an attempt; the row keeps what was known before in its note."""
    attempt.outcome, attempt.resolution, attempt.resolved_at = outcome, resolution, now()
    attempt.save(update_fields=["outcome", "resolution", "resolved_at"])
    lapse_proposal(document)


def is_doubtful(attempt: Attempt) -> bool:
    """Whether nobody knows, and nobody has answered, how the attempt ended."""
    return attempt.outcome == Outcome.UNKNOWN and attempt.resolved_at is None


def believe_issued(
    document: Document, attempt: Attempt, identifiers: Identifiers, *, how: str, actor: object = None
) -> bool:
    """Take the proof that this attempt issued a document.

    In doubt: adopted. Answered with "not issued" and not yet sent again: the doubt is reopened and adopted. Too late
    for both: the page says that the provider holds another. Returns whether the document is the one that was proved.
    """
    if _waits_to_be_sent_again(document, attempt):
        _reopen(document, attempt)
    if document.status == Status.UNKNOWN and is_doubtful(attempt):
        resolve(document, attempt, outcome=Outcome.ACCEPTED, resolution=how)
        accept(document, identifiers, reason=how, actor=actor)
        return True
    report_twin(document, identifiers.generation_code)
    return identifiers.generation_code == document.generation_code


def suspect(document: Document, attempt: Attempt, code: str) -> None:
    """Follow up a code that a late answer named without proving anything: it is read before anything is sent."""
    if _waits_to_be_sent_again(document, attempt):
        _reopen(document, attempt, seen_code=code)
    elif document.status == Status.UNKNOWN and is_doubtful(attempt) and attempt.seen_code in ("", code):
        Attempt.objects.filter(pk=attempt.pk).update(seen_code=code)
        Document.objects.filter(pk=document.pk).update(next_at=now())
    else:
        report_twin(document, code, is_proved=False)


def reopen(document: Document) -> None:
    """Return a READY document to the doubt that a late answer has decided: its code is read, and nothing is sent.

    For a second sending that issued nothing while the proof of the first arrived. Where the first was sent with other
    data, or its doubt has ended as a refusal, a person has to look.
    """
    answered = document.attempts.filter(
        operation=Operation.SUBMIT, outcome=Outcome.UNKNOWN, resolved_at__isnull=False, revision=document.revision
    )
    attempts = list(answered.prefetch_related("evidence").order_by("-id"))
    code = document.twin_code
    named = [each for each in attempts if any(code in _text(row.answer) for row in each.evidence.all())]
    if attempts:
        _reopen(document, (named or attempts)[0], seen_code=code)
    else:
        _hold(document, code)


def report_twin(document: Document, code: str, *, is_proved: bool = True) -> None:
    """Put it on the document's page that the provider holds a document for its sale that we do not know as ours.

    One that waits to be sent is held: there must not be a second.
    """
    if code in (document.generation_code, document.twin_code):
        return
    if not is_proved:
        text = _("A late answer names %(code)s: the provider may hold it for this sale. Look it up there.")
    elif document.status in ISSUED:
        text = _("The provider also issued %(code)s for this sale. Keep one and invalidate the other.")
    else:
        text = _("The provider has issued %(code)s for this sale.")
    if not document.twin_code:
        Document.objects.filter(pk=document.pk).update(twin_code=code)
        document.twin_code = code
    document.events.create(before=document.status, after=document.status, reason=text % {"code": code})
    logger.error("document %s: the provider holds another for the same sale", document.pk)
    if document.status == Status.READY:
        _hold(document, code)


def _waits_to_be_sent_again(document: Document, attempt: Attempt) -> bool:
    """Whether a person has said "not issued" of this attempt, and its data wait to be sent as they were."""
    answered = attempt.outcome == Outcome.UNKNOWN and attempt.resolved_at is not None
    return document.status == Status.READY and answered and attempt.revision == document.revision


def _reopen(document: Document, attempt: Attempt, *, seen_code: str = "") -> None:
    attempt.resolved_at, attempt.resolution = None, ""
    attempt.seen_code = seen_code or attempt.seen_code
    attempt.save(update_fields=["resolved_at", "resolution", "seen_code"])
    reason = _("Proof arrived that it was issued: it is not sent again.")
    document.move_to(Status.UNKNOWN, reason=reason, next_at=now())


def _hold(document: Document, code: str) -> None:
    text = _(
        "The provider holds %(code)s for this sale, so no other is sent. Invalidate it there, or give this one up."
    )
    document.move_to(Status.HELD, reason=text % {"code": code})


def _text(answer: object) -> str:
    return bytes(answer).decode("utf-8", "replace").upper() if isinstance(answer, bytes | memoryview) else ""
