"""A person has the equal lines of a held document joined, because it has more lines than its kind may have."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import Outdated, PreconditionFailed, TransitionRefused
from smartbill.grouping import grouped
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.permissions import require_person, require_reason
from smartbill.services.create import columns_of, findings_of, freeze

TOO_MANY = "too_many_lines"


def has_too_many_lines(document: Document) -> bool:
    """Whether a held document has more lines than its kind may have."""
    if document.status != Status.HELD:
        return False
    problems = document.revisions.get(number=document.revision).problems
    return any(row["code"] == TOO_MANY for row in problems)


def group_lines(document: Document, *, actor: Any, reason: str) -> None:
    """Freeze the document with its equal lines joined; READY when nothing else holds it.

    Raises PermissionDenied, ReasonMissing, TransitionRefused, Outdated, or PreconditionFailed when no lines are equal.
    """
    require_person(actor, "smartbill.correct_document")
    reason = require_reason(reason)
    with transaction.atomic():
        row = Document.objects.select_for_update(no_key=True).get(pk=document.pk)
        if row.status != Status.HELD:
            raise TransitionRefused(row, Status.READY)
        if row.revision != document.revision:
            raise Outdated
        before = row.revisions.get(number=row.revision).draft
        draft = grouped(before)
        if len(draft.lines) == len(before.lines):
            raise PreconditionFailed(_("No two lines are equal: there is nothing to join."))
        findings = findings_of(row.issuer, draft)
        number = row.revision + 1
        columns = {"revision": number, **columns_of(row.issuer, draft)}
        text = _("%(before)d lines became %(after)d: %(why)s")
        told = text % {"before": len(before.lines), "after": len(draft.lines), "why": reason}
        if findings.problems:
            left = "\n".join(str(problem.message) for problem in findings.problems)
            Document.objects.filter(pk=row.pk).update(reason=left, updated_at=now(), **columns)
            row.events.create(
                before=row.status, after=row.status, reason=told, detail={"revision": number}, actor=actor
            )
        else:
            row.move_to(Status.READY, actor=actor, reason=told, next_at=now(), detail={"revision": number}, **columns)
        freeze(row, draft, findings, number=number, actor=actor)
    document.refresh_from_db()
