"""What a person says about a reversal that waits for one: it is settled, or it is to be decided again."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now

from billing.errors import NotWithPeople
from billing.models import Reversal
from billing.remedies import Remedy, Standing, State
from billing.remedy_texts import SETTLED
from billing.services.approve_reversal import RIGHT
from billing.services.pursue_reversal import judge, locked, row_of, write, write_verdict
from smartbill.lifecycle import GIVEN_UP, Status
from smartbill.permissions import require_person, require_reason

WITH_PEOPLE = (State.PROPOSED, State.PERSON)


def settle_reversal(reversal: Reversal, *, actor: Any, reason: str) -> None:
    """End a reversal that waits for a person: declined, or dealt with outside. Nothing happens to the document.

    Raises PermissionDenied, ReasonMissing, or NotWithPeople.
    """
    require_person(actor, RIGHT)
    reason = require_reason(reason)
    with transaction.atomic():
        _sale, rows = locked(reversal.sale_id)
        row = row_of(reversal, rows)
        if row.state not in WITH_PEOPLE:
            raise NotWithPeople
        named = {} if row.has_begun else {"remedy": ""}
        if row.standing == Standing.UNDONE:
            row.corrected_minor = 0
        write(row, rows, state=State.NOTHING, code=SETTLED, reason=reason, actor=actor, settled_at=now(), **named)
    reversal.refresh_from_db()


def decide_again(reversal: Reversal, *, actor: Any, reason: str) -> None:
    """Judge anew what waits for a person or was settled by one; a remedy that came to nothing may be begun again.

    Raises PermissionDenied, ReasonMissing, or NotWithPeople.
    """
    require_person(actor, RIGHT)
    reason = require_reason(reason)
    with transaction.atomic():
        sale, rows = locked(reversal.sale_id)
        row = row_of(reversal, rows)
        if row.state != State.PERSON and row.settled_at is None:
            raise NotWithPeople
        if _came_to_nothing(row, sale.document.status if sale.document else ""):
            row.remedy, row.begun_at, row.credit_note = "", None, None
        row.settled_at = None
        row.save(update_fields=["remedy", "begun_at", "credit_note", "settled_at"])
        write(row, rows, state=State.WAITING, code="", reason=reason, actor=actor)
        write_verdict(row, rows, judge(row, rows, sale, now())[1])
    reversal.refresh_from_db()


def _came_to_nothing(row: Reversal, status: str) -> bool:
    if row.credit_note is not None:
        return row.credit_note.status in GIVEN_UP
    return row.remedy == Remedy.INVALIDATE and status == Status.STAMPED
