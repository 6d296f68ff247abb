"""A person lets a proposed remedy happen; above the issuer's amount two persons do."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import NotProposed, SecondPersonNeeded
from billing.models import Reversal, ReversalEvent
from billing.remedies import State, needs_second_person
from billing.services.carry_out_remedy import carry_out
from billing.services.pursue_reversal import amounts_of, judge, locked, policy, row_of, write_verdict
from smartbill.permissions import require_person, require_reason

RIGHT = "billing.approve_reversal"


def approve_reversal(reversal: Reversal, *, actor: Any, reason: str) -> bool:
    """Begin the remedy, or note the first of two approvals; True when another person has to confirm it.

    What was proposed is judged once more before. Raises PermissionDenied, ReasonMissing, NotProposed when it is not, or
    no longer, what the page showed, SecondPersonNeeded, or what the services of documents raise.
    """
    require_person(actor, RIGHT)
    reason = require_reason(reason)
    shown = (reversal.remedy, *amounts_of(reversal))
    with transaction.atomic():
        sale, rows = locked(reversal.sale_id)
        row = row_of(reversal, rows)
        if row.state != State.PROPOSED or (row.remedy, *amounts_of(row)) != shown:
            raise NotProposed
        facts, verdict = judge(row, rows, sale, now())
        if (verdict.remedy, *amounts_of(row)) != shown:
            raise NotProposed
        first = row.approved_by_id
        if first == actor.pk:
            raise SecondPersonNeeded
        needs_other = first is None and needs_second_person(facts, limit=policy(sale)["limit"])
        row.approved_by, row.confirmed_by = (actor, None) if first is None else (row.approved_by, actor)
        people = {"approved_by": row.approved_by, "confirmed_by": row.confirmed_by}
        Reversal.objects.filter(pk=row.pk).update(**people)
        ReversalEvent.objects.create(
            reversal=row,
            before=row.state,
            after=row.state,
            actor=actor,
            reason=_("Approved: %(why)s") % {"why": reason},
        )
        if not needs_other:
            carry_out(row, verdict, facts, sale=sale, actor=actor)
            write_verdict(row, rows, judge(row, rows, sale, now())[1], actor=actor)
    reversal.refresh_from_db()
    return needs_other
