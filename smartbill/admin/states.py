"""The colour of each state, and the states that need a person."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from config.admin import Problem, badge, moment
from smartbill.lifecycle import FINAL, STAGES, Kind, Status
from smartbill.models import Document, Proposal

TONES: dict[str, str] = {
    Status.HELD: "warn",
    Status.READY: "wait",
    Status.SUBMITTING: "wait",
    Status.STAMPED: "good",
    Status.CONTINGENCY: "warn",
    Status.REJECTED: "bad",
    Status.UNKNOWN: "bad",
    Status.INVALIDATING: "wait",
    Status.INVALIDATION_UNKNOWN: "bad",
    Status.INVALIDATED: "off",
    Status.ABANDONED: "off",
}

SHORT_KINDS: dict[str, str] = {
    Kind.FACTURA: "Factura",
    Kind.CCF: "CCF",
    Kind.EXPORT: "FEX",
    Kind.CREDIT_NOTE: "NC",
}

BY_ITSELF = (Status.READY, Status.SUBMITTING, Status.INVALIDATING)


def waiting_too_long(rows: QuerySet[Document]) -> QuerySet[Document]:
    """Documents that a machine should have brought further within the time that their state allows."""
    late = Q()
    for status in BY_ITSELF:
        limit = STAGES[status].alarm_after
        if limit is not None:
            late |= Q(status=status, status_since__lt=now() - limit)
    return rows.filter(late)


def proposed_by_others(rows: QuerySet[Document], person: Any) -> QuerySet[Document]:
    """Leave out what this person said themselves, and everything where they may not say whether it is right."""
    if not person.has_perm("smartbill.resolve_unknown"):
        return rows.none()
    return rows.exclude(pk__in=Proposal.objects.open().filter(proposed_by=person).values("document"))


PROBLEMS = (
    Problem(
        key="second_person",
        label=_("Waits for a second person"),
        hint=_("One person has answered about a document in doubt. Another has to look and confirm it."),
        urgency=9,
        since="status_since",
        rows=lambda rows: rows.filter(pk__in=Proposal.objects.open().values("document")),
        mine=proposed_by_others,
    ),
    Problem(
        key="in_doubt",
        label=_("In doubt"),
        hint=_("The answer was lost. Say whether the document was issued."),
        urgency=10,
        tone="bad",
        since="status_since",
        rows=lambda rows: rows.filter(status__in=[Status.UNKNOWN, Status.INVALIDATION_UNKNOWN]),
    ),
    Problem(
        key="different",
        label=_("Differs from the tax authority"),
        hint=_("What is stamped there is not what we asked for."),
        urgency=15,
        tone="bad",
        since="status_since",
        rows=lambda rows: rows.filter(~Q(difference="") | ~Q(clash="") | ~Q(twin_code="")),
    ),
    Problem(
        key="late",
        label=_("Waiting too long"),
        hint=_("A step that happens by itself has not happened. Open one to see what it waits for."),
        urgency=17,
        tone="bad",
        since="status_since",
        rows=waiting_too_long,
    ),
    Problem(
        key="no_pdf",
        label=_("No PDF"),
        hint=_("Issued, but its PDF could not be made. The page says why; it is tried again every hour."),
        urgency=64,
        since="status_since",
        rows=lambda rows: rows.filter(~Q(render_error="")),
    ),
    Problem(
        key="held",
        label=_("Held"),
        hint=_("Data are missing or contradictory. Nothing was sent."),
        urgency=20,
        since="status_since",
        rows=lambda rows: rows.filter(status=Status.HELD),
    ),
    Problem(
        key="rejected",
        label=_("Rejected"),
        hint=_("Refused with a reason. Correct the data and send again."),
        urgency=30,
        tone="bad",
        since="status_since",
        rows=lambda rows: rows.filter(status=Status.REJECTED),
    ),
    Problem(
        key="contingency",
        label=_("In contingency"),
        hint=_("Issued; the tax authority's stamp is still missing."),
        urgency=40,
        since="status_since",
        rows=lambda rows: rows.filter(status=Status.CONTINGENCY),
    ),
    Problem(
        key="untold",
        label=_("Nobody was told"),
        hint=_("Issued, but the customer has no e-mail address. Send the link by hand, or mail it to another address."),
        urgency=65,
        since="status_since",
        rows=lambda rows: rows.filter(untold=True),
    ),
    Problem(
        key="under_way",
        label=_("Documents being sent"),
        hint=_("Ready, under way, or being invalidated."),
        urgency=90,
        tone="wait",
        since="status_since",
        rows=lambda rows: rows.filter(status__in=[Status.READY, Status.SUBMITTING, Status.INVALIDATING]),
    ),
)


def status_badge(document: Document) -> SafeString:
    """Return the state as a coloured word that explains itself on hover."""
    return badge(Status(document.status).label, TONES[document.status], title=str(document.stage.meaning))


def kind_name(document: Document) -> SafeString:
    """Return the kind as people call it, with the authority's name on hover."""
    return format_html('<span title="{}">{}</span>', Kind(document.kind).label, SHORT_KINDS[document.kind])


def next_step(document: Document) -> SafeString | str:
    """Return who or what moves next, in two words and a time."""
    if document.alarms:
        return badge(_("overdue"), "bad", title=str(document.stage.next_step))
    if document.next_at is not None and document.status not in FINAL:
        return moment(document.next_at)
    if document.status not in FINAL and document.stage.actions:
        return str(_("waits for a person"))
    return "–"
