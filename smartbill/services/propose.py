"""Answers above the issuer's amount wait for a second person: proposed, withdrawn, declined, or void with the doubt."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import Outcome, Status
from smartbill.models import Attempt, Document, Proposal
from smartbill.permissions import require_person, require_reason

RIGHT = "smartbill.resolve_unknown"


def needs_second_person(document: Document) -> bool:
    """Whether one person's answer about this document is only a proposal."""
    return document.issuer.needs_second(document.total)


def open_proposal(document: Document) -> Proposal | None:
    """Return the answer that waits for a second person, if one does."""
    return document.proposals.open().select_related("proposed_by").first()


def propose(
    document: Document, attempt: Attempt, *, answer: str, actor: Any, code: str = "", reason: str = ""
) -> Proposal:
    """Record what one person says became of the attempt; nothing else changes until another confirms it."""
    with transaction.atomic(durable=True):
        row = Document.objects.select_for_update().get(pk=document.pk)
        attempt.refresh_from_db()
        if row.status != Status.UNKNOWN or attempt.outcome != Outcome.UNKNOWN or attempt.resolved_at is not None:
            raise TransitionRefused(row, Status.READY)
        if waiting := open_proposal(row):
            text = _("An answer of %(who)s waits for a second person: confirm or decline it first.")
            raise PreconditionFailed(text % {"who": waiting.proposed_by})
        proposal = Proposal.objects.create(
            document=row, attempt=attempt, answer=answer, code=code, reason=reason, proposed_by=actor
        )
        _note(row, _("Proposed: %(what)s") % {"what": in_words(proposal)}, actor)
    return proposal


def withdraw_proposal(document: Document, *, actor: Any, reason: str) -> None:
    """End the proposal without effect: withdrawn by who made it, declined by anybody else."""
    require_person(actor, RIGHT)
    reason = require_reason(reason)
    with transaction.atomic():
        row = Document.objects.select_for_update().get(pk=document.pk)
        proposal = open_proposal(row)
        if proposal is None:
            raise PreconditionFailed(_("No answer waits for a second person."))
        own = proposal.proposed_by_id == actor.pk
        end_proposal(proposal, Proposal.Ending.WITHDRAWN if own else Proposal.Ending.DECLINED, actor=actor)
        text = _("The proposal was withdrawn: %(why)s") if own else _("The proposal was declined: %(why)s")
        _note(row, text % {"why": reason}, actor)


def end_proposal(proposal: Proposal, ending: str, *, actor: Any = None) -> bool:
    """End a proposal if it is still open; tell whether it was. Two people at once: one of them finds it ended."""
    still_open = Proposal.objects.open().filter(pk=proposal.pk)
    return bool(still_open.update(ending=ending, ended_at=now(), ended_by=actor))


def lapse_proposal(document: Document) -> None:
    """End the proposal about a doubt that has ended otherwise; call where the doubt ends, under its lock."""
    proposal = open_proposal(document)
    if proposal is not None and end_proposal(proposal, Proposal.Ending.LAPSED):
        text = _("The proposal of %(who)s has lapsed: the doubt ended without it.")
        _note(document, text % {"who": proposal.proposed_by}, None)


def in_words(proposal: Proposal) -> str:
    """Return what a proposal says, with its code or its reason."""
    parts = (str(proposal.get_answer_display()), proposal.code, proposal.reason)
    return " · ".join(part for part in parts if part)


def _note(document: Document, text: str, actor: Any) -> None:
    document.events.create(before=document.status, after=document.status, actor=actor, reason=text)
