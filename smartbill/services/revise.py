"""The upstream app knows more now: its new draft becomes the next revision of a document that was not issued."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from smartbill.drafts import CORRECTED, Draft
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.services.create import columns_of, findings_of, freeze

REVISABLE = [Status.HELD, Status.REJECTED]


def revise_document(
    document: Document, *, draft: Draft, reason: str, actor: Any = None, is_final: bool = False
) -> bool:
    """Freeze a draft that says something else than the present one; READY when no problem is left.

    A held document stays held with the problems that are left; a refused one, and any when `is_final` is set, changes
    only when none is. What a person corrected by hand is never replaced, nor is a document of which the provider may
    hold another. Return whether anything changed. The draft says the same for the machine as for a person: its doubts
    (`held_because`) count.
    """
    with transaction.atomic():
        current = Document.objects.select_for_update(no_key=True).get(pk=document.pk)
        before = current.revisions.get(number=current.revision).draft
        if current.status not in REVISABLE or current.twin_code or _is_same(before, draft) or is_corrected(before):
            return False
        findings = findings_of(current.issuer, draft)
        problems = findings.problems
        if problems and (is_final or current.status != Status.HELD):
            return False
        number = current.revision + 1
        columns = {"revision": number, **columns_of(current.issuer, draft)}
        if problems:
            text = "\n".join(str(problem.message) for problem in problems)
            Document.objects.filter(pk=current.pk).update(reason=text, updated_at=now(), **columns)
            detail = {"revision": number}
            current.events.create(
                before=current.status, after=current.status, reason=reason, detail=detail, actor=actor
            )
        else:
            current.move_to(
                Status.READY, actor=actor, reason=reason, next_at=now(), detail={"revision": number}, **columns
            )
        freeze(current, draft, findings, number=number, actor=actor)
    document.refresh_from_db()
    return True


def is_corrected(draft: Draft) -> bool:
    """Tell whether a person changed a field of this draft by hand."""
    return any(origin.source == CORRECTED for origin in draft.provenance.values())


def _is_same(before: Draft, after: Draft) -> bool:
    """Two drafts are the same when they print the same and ask the same, wherever their values came from."""
    return replace(before, provenance={}).as_json() == replace(after, provenance={}).as_json()
