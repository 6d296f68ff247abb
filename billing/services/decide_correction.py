"""What becomes of a case: a remedy is proposed and confirmed, or a person says that nothing is changed."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.correction_steps import CaseState, Position
from billing.corrections import CaseFacts, Mending, Wrong, mending_for
from billing.errors import NotCorrectable
from billing.models import Correction
from billing.services.correction_facts import facts_of_case, twins_of
from billing.services.open_correction import RIGHT as OPEN
from billing.services.plan_blockers import plan_blockers, seen_of
from billing.services.pursue_correction import advance, locked_case, write
from billing.services.screen_corrected import screened_correction
from smartbill.drafts import Draft
from smartbill.errors import InvalidDraft
from smartbill.models import Document
from smartbill.models.revision import content_hash
from smartbill.permissions import require_person, require_reason
from smartbill.services.create import findings_of
from smartbill.services.propose import needs_second_person
from smartbill.services.replace import issue_replacement

DECIDE = "billing.decide_correction"
RIGHTS: Mapping[str, tuple[str, ...]] = {
    Mending.REPLACE: ("smartbill.correct_document", "smartbill.invalidate_document"),
    Mending.REISSUE: ("smartbill.correct_document", "smartbill.credit_document"),
    Mending.INVALIDATE: ("smartbill.invalidate_document",),
    Mending.CREDIT_NOTE: ("smartbill.credit_document",),
}
"""What who begins a remedy may do by hand: its last step as well, which a worker takes for them."""


def propose_replacement(case: Correction, *, draft: Draft, actor: Any, reason: str, answer: str = "") -> bool:
    """Propose a document in place of the wrong one; True when another person has to confirm it."""
    require_person(actor, OPEN)
    require_reason(reason)
    draft = replace(draft, held_because=())
    if problems := findings_of(case.document.issuer, draft).problems:
        raise InvalidDraft(problems)
    with transaction.atomic():
        # What is asked of people stays asked; the draft is proposed once more when they have approved it.
        screened = screened_correction(case.document, draft, actor=actor)
    if screened.problems:
        raise InvalidDraft(screened.problems)
    draft = screened.draft
    return _propose(
        case, (Mending.REPLACE, Mending.REISSUE), {"draft": draft.as_json()}, actor=actor, reason=reason, answer=answer
    )


def propose_invalidation(case: Correction, *, actor: Any, reason: str, answer: str = "") -> bool:
    """Propose that the document is invalidated and none issued; True when another person has to confirm it."""
    return _propose(case, (Mending.INVALIDATE,), {}, actor=actor, reason=reason, answer=answer)


def propose_credit(
    case: Correction, *, lines: Mapping[int, Decimal], actor: Any, reason: str, answer: str = ""
) -> bool:
    """Propose a credit note over these amounts of these lines; True when another person has to confirm it.

    Without lines it is over all that is left, which is what a document that should not exist needs.
    """
    plan = {"lines": {str(number): str(amount) for number, amount in lines.items()}}
    return _propose(case, (Mending.CREDIT_NOTE,), plan, actor=actor, reason=reason, answer=answer)


def fingerprint(case: Correction) -> str:
    """Return what a second person stands by: the very proposal that they were shown."""
    return content_hash([case.pk, case.mending, case.plan, case.answer, case.proposed_by_id])


def confirm_correction(case: Correction, *, actor: Any, reason: str, seen: str) -> None:
    """Let what another person proposed happen, judged once more; `seen` is the fingerprint of what was shown.

    Raises NotCorrectable when something else is proposed by now. Above the issuer's amount, and for whoever may not
    decide, that is the second person.
    """
    require_person(actor, DECIDE)
    reason = require_reason(reason)
    with transaction.atomic():
        row = locked_case(case.pk)
        if row.state != CaseState.PROPOSED or fingerprint(row) != seen:
            raise NotCorrectable(_("This is not, or no longer, proposed as it was shown. Look at it again."))
        if row.proposed_by_id == actor.pk:
            raise NotCorrectable(_("You proposed it yourself: another person has to confirm it."))
        row.confirmed_by = actor
        _note(row, _("Confirmed: %(why)s") % {"why": reason}, actor)
        _begin(row, actor)
    case.refresh_from_db()


def decline_correction(case: Correction, *, actor: Any, reason: str, answer: str) -> None:
    """End a case without any change; who asked gets the answer. Nothing may have begun."""
    require_person(actor, DECIDE)
    reason = require_reason(reason)
    with transaction.atomic():
        row = locked_case(case.pk)
        if row.begun_at is not None or row.is_over:
            raise NotCorrectable(_("The remedy has begun or the case is over."))
        at = Position(CaseState.DECLINED, "declined")
        write(row, at, reason=reason, actor=actor, answer=answer.strip())
    case.refresh_from_db()


def _propose(
    case: Correction, mendings: tuple[str, ...], plan: Mapping[str, Any], *, actor: Any, reason: str, answer: str
) -> bool:
    require_person(actor, OPEN)
    reason = require_reason(reason)
    with transaction.atomic():
        row = locked_case(case.pk)
        if row.state not in (CaseState.OPEN, CaseState.PROPOSED):
            raise NotCorrectable(_("The remedy has begun or the case is over."))
        facts = facts_of_case(row, at=now())
        mending = _offered(facts)
        if mending not in mendings:
            raise NotCorrectable(_("The law leaves another remedy now. Look at the case again."))
        plan = {**plan, "seen": seen_of(facts)}
        if blockers := plan_blockers(row, mending, plan, facts):
            raise NotCorrectable(" ".join(blockers))
        row.mending, row.plan, row.proposed_by, row.answer = mending, plan, actor, answer.strip()
        row.save(update_fields=["mending", "plan", "proposed_by", "answer"])
        needs_other = needs_second_person(row.document) or not actor.has_perm(DECIDE)
        if needs_other:
            write(row, Position(CaseState.PROPOSED, "proposed"), reason=reason, actor=actor)
        else:
            _note(row, reason, actor)
            _begin(row, actor)
    case.refresh_from_db()
    return needs_other


def _offered(facts: CaseFacts) -> str:
    """Return the remedy that the table leaves now, or raise NotCorrectable with its reason."""
    found = mending_for(facts)
    if not found.mending:
        raise NotCorrectable(str(found.reason))
    return found.mending


def _begin(row: Correction, actor: Any) -> None:
    """Take the first step within the decision's own transaction; what certainly forbids the last one refuses it."""
    for right in RIGHTS[row.mending]:
        require_person(actor, right)
    _lock_documents(row)
    facts = facts_of_case(row, at=now())
    if _offered(facts) != row.mending:
        raise NotCorrectable(_("The law leaves another remedy now. Look at the case again."))
    if blockers := plan_blockers(row, row.mending, row.plan, facts):
        raise NotCorrectable(" ".join(blockers))
    row.begun_at = now()
    row.save(update_fields=["begun_at", "confirmed_by"])
    if row.mending in (Mending.REPLACE, Mending.REISSUE):
        draft = Draft.from_json(row.plan["draft"])
        screened = screened_correction(row.document, draft, may_ask=False)
        if screened.problems:
            raise InvalidDraft(screened.problems)
        draft = screened.draft
        reason = str(row.get_wrong_display())
        row.replacement = issue_replacement(row.document, key=str(row.pk), draft=draft, reason=reason, actor=actor)
        row.save(update_fields=["replacement"])
    advance(row, actor=actor)


def _lock_documents(row: Correction) -> None:
    """Lock the document and, of two for one payment, the other: of two cases at once, one finds no twin any more."""
    keys = [row.document_id]
    if row.wrong == Wrong.DUPLICATE:
        keys += twins_of(row).values_list("pk", flat=True)
    list(Document.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    row.document.refresh_from_db()


def _note(row: Correction, text: str, actor: Any) -> None:
    row.events.create(before=row.state, after=row.state, code=row.code, actor=actor, reason=text)
