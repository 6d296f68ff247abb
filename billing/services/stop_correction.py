"""A person takes a hand in a correction that was begun: stop it while that is possible, or have a step tried again."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.correction_steps import CaseState, Position
from billing.errors import NotCorrectable
from billing.models import Correction
from billing.services.decide_correction import DECIDE
from billing.services.pursue_correction import advance, locked_case, write
from smartbill.lifecycle import GIVEN_UP, Status
from smartbill.permissions import require_person, require_reason
from smartbill.services.abandon import abandon_document
from smartbill.services.invalidate import withdraw_invalidation

NOT_SENT = (Status.HELD, Status.READY, Status.REJECTED)


def may_stop(case: Correction) -> bool:
    """Tell whether nothing has passed the point of no return: no new document issued, no invalidation sent."""
    if case.begun_at is None or case.is_over:
        return False
    first = case.replacement or case.credit_note
    if first is not None:
        return first.status in NOT_SENT
    return case.document.status in (Status.STAMPED, Status.INVALIDATING)


def stop_correction(case: Correction, *, actor: Any, reason: str) -> None:
    """Take back what was not sent yet and end the case. Raises NotCorrectable past the point of no return."""
    require_person(actor, DECIDE)
    reason = require_reason(reason)
    with transaction.atomic():
        row = locked_case(case.pk)
        if not may_stop(row):
            raise NotCorrectable(
                _(
                    "The tax authority has, or may have, the new document or the invalidation. To go back, invalidate "
                    "the new document on its own page."
                )
            )
        first = row.replacement or row.credit_note
        if first is not None:
            abandon_document(first, actor=actor, reason=reason)
        elif row.document.status == Status.INVALIDATING:
            withdraw_invalidation(row.document, actor=actor)
        write(row, Position(CaseState.STOPPED, "stopped"), reason=reason, actor=actor)
    case.refresh_from_db()


def try_again(case: Correction, *, actor: Any, reason: str) -> None:
    """Have the step that was refused taken once more. Raises NotCorrectable where none was."""
    require_person(actor, DECIDE)
    reason = require_reason(reason)
    with transaction.atomic():
        row = locked_case(case.pk)
        if row.state != CaseState.PERSON:
            raise NotCorrectable(_("No step of this case was refused."))
        if row.document.status == Status.STAMPED:
            row.invalidation_at = None
        if row.credit_note is not None and row.credit_note.status in GIVEN_UP:
            raise NotCorrectable(_("The credit note was given up. Settle the two documents by hand, then say so here."))
        row.save(update_fields=["invalidation_at"])
        row.events.create(before=row.state, after=row.state, code=row.code, actor=actor, reason=reason)
        advance(row, actor=actor)
    case.refresh_from_db()


def close_correction(case: Correction, *, actor: Any, reason: str) -> None:
    """End a case that is with a person and was dealt with by hand. Nothing happens to any document."""
    require_person(actor, DECIDE)
    reason = require_reason(reason)
    with transaction.atomic():
        row = locked_case(case.pk)
        if row.state != CaseState.PERSON:
            raise NotCorrectable(_("No step of this case was refused."))
        write(row, Position(CaseState.STOPPED, "stopped"), reason=reason, actor=actor)
    case.refresh_from_db()
