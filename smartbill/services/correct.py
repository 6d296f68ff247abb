"""A person mends the data of a document that was not issued: a new revision, sent under a new attempt."""

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from smartbill.drafts import Draft
from smartbill.errors import InvalidDraft, Outdated, TransitionRefused
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.permissions import require, require_reason
from smartbill.providers import provider_for
from smartbill.services.create import columns_of, freeze

CORRECTABLE = [Status.HELD, Status.REJECTED]


def correct_document(document: Document, *, draft: Draft, actor: Any, reason: str) -> None:
    """Freeze the corrected draft as the next revision and make the document READY.

    Raises InvalidDraft with every problem that is left, Outdated when there is a newer revision; then nothing is
    changed. The questions that the upstream app could not decide (`held_because`) count as answered by the person, and
    the event names them.
    """
    require(actor, "smartbill.correct_document")
    reason = require_reason(reason)
    # While the provider holds one for this sale, another must not be sent.
    if document.status not in CORRECTABLE or document.twin_code:
        raise TransitionRefused(document, Status.READY)
    overruled = [problem.code for problem in draft.held_because]
    draft = replace(draft, held_because=())
    if problems := provider_for(document.issuer).problems(draft):
        raise InvalidDraft(problems)
    with transaction.atomic():
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
        freeze(document, draft, [], number=number, actor=actor)
