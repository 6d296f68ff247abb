"""One story per document, from the payment to the last mail, in the order in which it happened.

What this package does not know, such as the events of the payment provider, is told by the tellers that others add.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Message
from smartbill.admin.states import TONES
from smartbill.lifecycle import Outcome
from smartbill.models import Attempt, Document, DocumentEvent, Proposal, ReadingRecord, Rendition, Revision
from smartbill.services.deliver import reference_of

MAIL_TONES = {"sent": "good", "delivered": "good", "failed": "bad", "bounced": "bad", "unknown": "warn"}


FINDINGS = {
    "stamped": gettext_lazy("Stamped"),
    "contingency": gettext_lazy("In contingency"),
    "invalidated": gettext_lazy("Invalidated"),
    "absent": gettext_lazy("not found there"),
    "no_information": gettext_lazy("no answer that can be used"),
}
"""What a look-up found, in words."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, what, by whom and why; `url` is the page that tells more."""

    at: datetime
    what: str
    who: str
    why: str
    tone: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """A row elsewhere that belongs to the document; without a `url` the person may not open it."""

    label: str
    text: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """What the page of the document has read already."""

    attempts: Sequence[Attempt]
    readings: Sequence[ReadingRecord]
    revisions: Sequence[Revision]
    renditions: Sequence[Rendition]


TELLERS: list[Callable[[Document, HttpRequest], Iterable[Moment]]] = []
"""What others know of a document; each asks a fixed number of queries and leaves out what the person may not see."""

RELATED: list[Callable[[Document, HttpRequest], Iterable[Related]]] = []
"""What else belongs to a document, by the same rules."""

OUTCOME_TONES = {Outcome.ACCEPTED: "good", Outcome.REJECTED: "bad", Outcome.NOT_SENT: "warn", Outcome.UNKNOWN: "bad"}


def related_of(document: Document, request: HttpRequest) -> list[Related]:
    """Return what belongs to a document elsewhere."""
    return [row for tell in RELATED for row in tell(document, request)]


def story_of(document: Document, request: HttpRequest, files: Files) -> list[Moment]:
    """Return the moments of a document, newest first; the number of queries is that of the tellers and six more."""
    moments = [Moment(document.occurred_at, _("Paid"), _("the customer"), document.source, "good")]
    moments += [_of_event(event) for event in document.events.select_related("actor")]
    evidence = reverse("admin:smartbill_document_evidence", args=[document.pk])
    moments += [moment for row in files.attempts for moment in _of_attempt(row, evidence)]
    moments += [_of_reading(row, evidence) for row in files.readings]
    moments += [_of_revision(row) for row in files.revisions]
    moments += [Moment(row.created_at, _("PDF made"), _person(None), "", "off") for row in files.renditions]
    proposals = document.proposals.select_related("proposed_by", "ended_by")
    moments += [moment for row in proposals for moment in _of_proposal(row, evidence)]
    for link in document.links.all():
        moments.append(Moment(link.created_at, _("Customer's link made"), _person(None), "", "off"))
        if link.revoked_at is not None:
            moments.append(Moment(link.revoked_at, _("Customer's link withdrawn"), "", "", "warn"))
    moments += [moment for tell in TELLERS for moment in tell(document, request)]
    mails = (
        Message.objects.filter(reference=reference_of(document))
        .select_related("actor")
        .prefetch_related("events__actor")
    )
    for message in mails:
        moments += _of_message(message, request)
    # Reversed first: of two moments of the same instant, the later one stands above.
    return sorted(reversed(moments), key=attrgetter("at"), reverse=True)


def _of_event(event: DocumentEvent) -> Moment:
    changed = event.before != event.after
    what = event.get_after_display() if changed else _("Note")
    return Moment(event.created_at, what, _person(event.actor), event.reason, TONES[event.after] if changed else "off")


def _of_attempt(attempt: Attempt, url: str) -> list[Moment]:
    """Tell when a call left and how it ended; what arrived too late is a moment of its own."""
    name = _("%(operation)s %(number)s") % {"operation": attempt.get_operation_display(), "number": attempt.number}
    told = [Moment(attempt.started_at, _("%(call)s sent") % {"call": name}, attempt.worker, "", "wait", url)]
    if attempt.finished_at is not None and attempt.outcome:
        answer = f"{name}: {attempt.get_outcome_display()}"
        said = f"{answer} · HTTP {attempt.http_status}" if attempt.http_status else answer
        told.append(Moment(attempt.finished_at, said, "", attempt.note, OUTCOME_TONES[Outcome(attempt.outcome)], url))
    if attempt.resolved_at is not None:
        told.append(Moment(attempt.resolved_at, _("Doubt ended"), "", attempt.resolution, "good", url))
    late = _("%(call)s: late answer") % {"call": name}
    return [*told, *(Moment(row.created_at, late, "", row.note, "warn", url) for row in attempt.evidence.all())]


def _of_reading(reading: ReadingRecord, url: str) -> Moment:
    found = FINDINGS.get(reading.state, reading.state)
    what = _("Look-up: %(found)s") % {"found": found}
    return Moment(reading.created_at, what, _person(reading.actor), reading.failure, "off", url)


def _of_revision(revision: Revision) -> Moment:
    what = _("Revision %(number)s written") % {"number": revision.number}
    return Moment(revision.created_at, what, _person(revision.actor), "", "off")


def _of_proposal(proposal: Proposal, url: str) -> list[Moment]:
    what = _("Answer proposed: %(answer)s") % {"answer": proposal.get_answer_display()}
    told = [Moment(proposal.proposed_at, what, _person(proposal.proposed_by), proposal.reason, "warn", url)]
    if proposal.ended_at is not None:
        ending = _("Answer: %(ending)s") % {"ending": proposal.get_ending_display()}
        told.append(Moment(proposal.ended_at, ending, _person(proposal.ended_by), "", "off", url))
    return told


def _of_message(message: Message, request: HttpRequest) -> list[Moment]:
    may_look = request.user.has_perm("notifications.view_message")
    url = reverse("admin:notifications_message_change", args=[message.pk]) if may_look else ""
    queued = _("Mail %(number)s queued to %(recipient)s") % {"number": message.number, "recipient": message.recipient}
    return [
        Moment(message.created_at, queued, _person(message.actor), message.reason, "wait", url),
        *(
            Moment(
                event.created_at,
                _("Mail %(number)s: %(event)s") % {"number": message.number, "event": event.label},
                _person(event.actor) if event.actor else "",
                event.detail,
                MAIL_TONES.get(event.name, "off"),
                url,
            )
            for event in message.events.all()
        ),
    ]


def _person(actor: object) -> str:
    return str(actor) if actor is not None else _("by itself")
