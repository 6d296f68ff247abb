"""A person mends the data of a document that was not issued: a new revision, sent under a new attempt."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.errors import APPROVAL, InvalidDraft, Outdated, Problem, TransitionRefused
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.permissions import require, require_reason
from smartbill.services.create import columns_of, findings_of, freeze
from smartbill.services.screen_corrected import screen_corrected

CORRECTABLE = [Status.HELD, Status.REJECTED]


def correct_document(document: Document, *, draft: Draft, actor: Any, reason: str) -> None:
    """Freeze the corrected draft as the next revision and make the document READY.

    Raises InvalidDraft with every problem that is left, Outdated when there is a newer revision; then nothing is
    changed. The questions that the upstream app could not decide (`held_because`) count as answered by the person, and
    the event names them; an approval that is missing is no such question. Where the correction needs one, people are
    asked for exactly this, and who corrects does it once more when it was given.
    """
    require(actor, "smartbill.correct_document")
    reason = require_reason(reason)
    # While the provider holds one for this sale, another must not be sent.
    if document.status not in CORRECTABLE or document.twin_code:
        raise TransitionRefused(document, Status.READY)
    overruled = [problem.code for problem in draft.held_because if problem.field != APPROVAL]
    if problems := findings_of(document.issuer, replace(draft, held_because=())).problems:
        raise InvalidDraft(problems)
    with transaction.atomic():
        draft = screen_corrected(document, draft, actor)
        missing = _unapproved(draft)
        if not missing:
            _send_corrected(document, replace(draft, held_because=()), overruled, actor=actor, reason=reason)
    if missing:
        # What was asked of people because of it stays asked.
        raise InvalidDraft(missing)


def _send_corrected(document: Document, draft: Draft, overruled: list[str], *, actor: Any, reason: str) -> None:
    findings = findings_of(document.issuer, draft)
    if findings.problems:
        raise InvalidDraft(findings.problems)
    # What was revised since the person looked at it is looked at again first, and a proof may have come meanwhile.
    row = Document.objects.select_for_update(no_key=True).get(pk=document.pk)
    if row.revision != document.revision:
        raise Outdated
    if row.twin_code:
        raise TransitionRefused(row, Status.READY)
    number = document.revision + 1
    document.move_to(
        Status.READY,
        actor=actor,
        reason=reason,
        next_at=now(),
        detail={"revision": number, "overruled": overruled},
        revision=number,
        **columns_of(document.issuer, draft),
    )
    freeze(document, draft, findings, number=number, actor=actor)


def _unapproved(draft: Draft) -> list[Problem]:
    """Return what people still have to approve, and what was approved otherwise than it stands now."""
    missing = [problem for problem in draft.held_because if problem.field == APPROVAL]
    if not missing and draft.approved and draft.approved != draft.essence:
        text = _("It was approved for %(total)s, %(kind)s, %(name)s, and that has changed.")
        missing.append(Problem(APPROVAL, "approved_otherwise", text % dict(draft.approved)))
    return missing
