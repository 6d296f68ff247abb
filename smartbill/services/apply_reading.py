"""What a look-up means for a document, by the state it is in. A look-up that failed changes nothing."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models import Attempt, Document
from smartbill.providers.base import Reading
from smartbill.services.accept import mark_invalidated
from smartbill.services.compare import ABSENT, NO_INFORMATION, differences, identity_problems
from smartbill.services.doubt import believe_issued, resolve
from smartbill.services.outage_note import note_late_stamp
from smartbill.services.outage_probe import next_question
from smartbill.services.quiet import quiet_until

logger = logging.getLogger(__name__)

POLLS = [60, 60, 120, 300, 600, 900]
"""Seconds between the look-ups that a doubt waits for; the last for ever, because a doubt is never given up."""
FILE_RETRIES = 10
MOST_TRIES = 30_000
"""Where counting stops: the column is small, and a doubt may last."""


def apply_reading(document: Document, reading: Reading, *, code: str) -> None:
    """Bring the document to what the remote says of this code, behind the same conditional update as other moves."""
    with transaction.atomic(durable=True):
        row = Document.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=document.pk)
        if row.status == Status.UNKNOWN == document.status:
            _unknown(row, reading, code)
        elif row.status == document.status:
            APPLY[Status(row.status)](row, reading)


def _contingency(document: Document, reading: Reading) -> None:
    if reading.state in ("stamped", "invalidated") and reading.identifiers.seal:
        at = now()
        document.move_to(
            Status.STAMPED,
            reason=_("The seal arrived."),
            seal=reading.identifiers.seal,
            control_number=reading.identifiers.control_number or document.control_number,
            stamped_at=at,
            render_at=at,
            difference=_difference(document, reading),
        )
        note_late_stamp(document)
        return
    if reading.state == ABSENT:
        text = _("The provider no longer knows this document under its code.")
        Document.objects.filter(pk=document.pk).update(difference=text)
        logger.error("document %s in contingency is unknown to the provider", document.pk)
    elif reading.document and document.tries == 0:
        Document.objects.filter(pk=document.pk).update(render_at=now(), difference=_difference(document, reading))
    _again(document, next_question(document))


def _stamped(document: Document, reading: Reading) -> None:
    """The file is what is wanted: the customer's data file, and our check that the totals agree."""
    if reading.state == "invalidated" and _was_our_doing(document):
        document.move_to(Status.INVALIDATING, reason=_("The authority holds it as invalidated, as was asked for."))
        mark_invalidated(document, at=reading.invalidated_at)
    if reading.document:
        _compare(document, reading)
        changes = {"render_at": now(), "next_at": None}
        Document.objects.filter(pk=document.pk, status=document.status).update(**changes)
    elif document.tries < FILE_RETRIES:
        _again(document, now() + timedelta(seconds=2 ** min(document.tries + 1, 12)))
    else:
        if reading.state == ABSENT:
            text = _("The provider does not know this document under its code.")
            Document.objects.filter(pk=document.pk).update(difference=text)
            logger.error("document %s is stamped and unknown to the provider", document.pk)
        _again(document, None)


def _was_our_doing(document: Document) -> bool:
    """Whether a person asked here for the invalidation that the authority tells of, and its answer was not believed."""
    # A document with a live credit note was asked for before the note was: people have to look at that.
    is_free = document.status == Status.STAMPED and not document.credited
    return is_free and document.attempts.filter(operation=Operation.INVALIDATE).exists()


def _unknown(document: Document, reading: Reading, code: str) -> None:
    """A code was seen in the doubtful answer. Found and ours: adopted. Absent: a person decides, unless refused."""
    attempt = _doubtful(document, Operation.SUBMIT)
    if attempt is None or attempt.seen_code != code:
        return
    if reading.state == NO_INFORMATION:
        _again(document, _next_poll(document))
        return
    if reading.state == ABSENT:
        _believe_absent(document, attempt)
        return
    if reading.state == "invalidated":
        _note(document, _("The code seen in the answer is invalidated at the provider."))
        _again(document, None)
        return
    problems = identity_problems(document, reading)
    if problems:
        texts = "\n".join(str(problem.message) for problem in problems)
        _note(document, _("The code seen belongs to another document: %(why)s") % {"why": texts})
        _again(document, None)
    else:
        how = _("Found by the code seen in the answer.")
        believe_issued(document, attempt, reading.identifiers, how=how)


def _believe_absent(document: Document, attempt: Attempt) -> None:
    until = quiet_until(attempt, document.issuer)
    if now() < until and not attempt.problems:
        _again(document, until)
    elif attempt.problems:
        # The answer carried a code and a refusal; the code does not exist, so the refusal stands.
        resolve(
            document, attempt, outcome=Outcome.REJECTED, resolution=_("Refused; the code in the answer does not exist.")
        )
        document.move_to(Status.REJECTED, reason="\n".join(str(row["message"]) for row in attempt.problems))
    else:
        _note(document, _("The code seen in the answer does not exist at the provider."))
        _again(document, None)


def _invalidation_unknown(document: Document, reading: Reading) -> None:
    """The document's own code is known, so a look-up always ends this doubt, however long it takes to get one."""
    attempt = _doubtful(document, Operation.INVALIDATE)
    if attempt is None:
        return
    if reading.state == "invalidated":
        resolve(document, attempt, outcome=Outcome.ACCEPTED, resolution=_("Found invalidated."))
        mark_invalidated(document, at=reading.invalidated_at)
        _compare(document, reading)
        return
    until = quiet_until(attempt, document.issuer)
    # Found without a seal and not invalidated is in force as well: the document was stamped before it was asked for.
    is_in_force = reading.state in ("stamped", "contingency")
    if is_in_force and now() > until:
        resolve(document, attempt, outcome=Outcome.NOT_SENT, resolution=_("Still valid after the quiet period."))
        document.move_to(Status.STAMPED, reason=_("The invalidation did not take place; it can be asked for again."))
        _compare(document, reading)
    elif is_in_force:
        _again(document, min(_next_poll(document), until + timedelta(seconds=1)))
    else:
        if reading.state == ABSENT:
            text = _("The provider no longer knows this document under its code.")
            Document.objects.filter(pk=document.pk).update(difference=text)
        _again(document, _next_poll(document))


def _next_poll(document: Document) -> datetime:
    return now() + timedelta(seconds=POLLS[min(document.tries, len(POLLS) - 1)])


def _doubtful(document: Document, operation: str) -> Attempt | None:
    doubtful = document.attempts.filter(operation=operation, outcome=Outcome.UNKNOWN, resolved_at=None)
    return doubtful.order_by("-id").first()


def _compare(document: Document, reading: Reading) -> None:
    if reading.document:
        Document.objects.filter(pk=document.pk).update(difference=_difference(document, reading))


def _difference(document: Document, reading: Reading) -> str:
    found = [str(problem.message) for problem in differences(document, reading)]
    if reading.state == "invalidated" and document.status in (Status.STAMPED, Status.CONTINGENCY):
        found.append(_("It was invalidated at the provider, not from here."))
    return "\n".join(found)


def _again(document: Document, at: datetime | None) -> None:
    Document.objects.filter(pk=document.pk, status=document.status).update(
        next_at=at, tries=min(document.tries + 1, MOST_TRIES)
    )


def _note(document: Document, text: str) -> None:
    document.events.create(before=document.status, after=document.status, reason=text)


APPLY = {
    Status.CONTINGENCY: _contingency,
    Status.STAMPED: _stamped,
    Status.INVALIDATED: _stamped,
    Status.INVALIDATION_UNKNOWN: _invalidation_unknown,
}
