"""A document that is issued in place of another: accepted first, and only then is the other one given up.

The law wants that order for every invalidation because of an error. The database lets one live replacement exist per
document, and the invalidation of what is replaced is refused until the replacement has its seal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.errors import InvalidDraft, PreconditionFailed
from smartbill.lifecycle import GIVEN_UP, ISSUED, Kind, Status
from smartbill.models import Document
from smartbill.permissions import require
from smartbill.services.create import create_document, findings_of


def is_in_force(document: Document) -> bool:
    """Tell whether the authority may hold the document as valid, over more than notes took back."""
    return document.status in ISSUED - {Status.INVALIDATED} and document.credited < document.total


def live_replacement(document: Document) -> Document | None:
    """Return the document that is to take the place of this one, whatever its state; none that was given up."""
    return document.replacements.exclude(status__in=GIVEN_UP).first()


def successor_of(document: Document) -> Document:
    """Return the document at the end of the chain of those that took over, or this one where none did."""
    while document.status == Status.INVALIDATED or document.credited == document.total:
        following = document.replacements.filter(status__in=ISSUED).order_by("-id").first()
        if following is None:
            break
        document = following
    return document


def codes_of_replacements(documents: Iterable[Document]) -> Mapping[int, str]:
    """Return the generation code of each document's stamped replacement by the key of the document; one query."""
    rows = Document.objects.filter(replaces__in=[row.pk for row in documents], status=Status.STAMPED)
    return dict(rows.values_list("replaces_id", "generation_code"))


def show_successor(document: Document) -> None:
    """Have the PDF of a document that another took over from say so, as its page does."""
    Document.objects.filter(pk=document.pk, status__in=ISSUED).update(render_at=now())


def replacement_blockers(document: Document) -> list[str]:
    """Return, in words, all that certainly forbids a replacement."""
    blockers = []
    if document.kind == Kind.CREDIT_NOTE:
        blockers.append(_("The law knows no replacement of a credit note: invalidate it and issue another one."))
    if document.status != Status.STAMPED:
        blockers.append(_("Only a stamped document that is in force can be replaced."))
    if live_replacement(document) is not None:
        blockers.append(_("Another document already stands in its place."))
    if document.replaces is not None and is_in_force(document.replaces):
        text = _("It stands in the place of %(number)s, which is still in force: have that one invalidated first.")
        blockers.append(text % {"number": document.replaces})
    return blockers


def issue_replacement(document: Document, *, key: str, draft: Draft, reason: str, actor: Any = None) -> Document:
    """Queue a document in place of this one; return the first one's for the same `key` for ever.

    Nothing happens to the document itself. Raises PreconditionFailed with every blocker in words, or InvalidDraft: what
    is known to be wrong never replaces anything.
    """
    require(actor, "smartbill.correct_document")
    purpose = f"replace:{key}"
    with transaction.atomic():
        row = Document.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=document.pk)
        if (made := row.replacements.filter(purpose=purpose).first()) is not None:
            return made
        if blockers := replacement_blockers(row):
            raise PreconditionFailed(" ".join(blockers))
        draft = replace(draft, source=row.source, purpose=purpose, held_because=())
        if problems := findings_of(row.issuer, draft).problems:
            raise InvalidDraft(problems)
        made = create_document(draft=draft, replaces=row)
        text = _("Replacement %(number)s drafted: %(why)s") % {"number": made.reference, "why": reason}
        row.events.create(before=row.status, after=row.status, actor=actor, reason=text)
    return made
