"""Bring a correction one step further: read where its documents are, do what comes next, and write what was found.

Everything happens under the lock of the sale, in one transaction, and nothing here reaches the network: a step is a row
that the engine of the documents works off. What this leaves behind when it dies is what the next look finds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.correction_steps import Act, CaseState, Position, Situation, position_of
from billing.models import Correction, CorrectionEvent, Reversal, Sale
from billing.models.correction import OVER
from billing.remedies import State
from billing.services.account_correction import account_correction
from billing.services.follow_replacement import follow_replacement
from billing.services.plan_blockers import lines_of
from billing.services.tell_customer import tell_customer
from config.kill_points import reach
from smartbill.errors import SmartbillError
from smartbill.lifecycle import GIVEN_UP
from smartbill.models import Document
from smartbill.services.credit import issue_credit_note
from smartbill.services.invalidate import request_invalidation
from smartbill.services.replace import live_replacement, show_successor

PAUSES: Sequence[int] = [2, 3, 5, 15, 60, 300, 900]
"""Seconds between the looks at what goes on by itself."""
WITH_PEOPLE = timedelta(minutes=15)
"""Between the looks at what a person may have mended on another page."""


def pursue_correction(*, correction_id: int) -> None:
    """Look at a case that is due; nothing happens when it is not due any more."""
    with transaction.atomic():
        case = locked_case(correction_id)
        if case.next_at is None or case.next_at > now():
            return
        advance(case)
        reach("before_commit")


def locked_case(correction_id: int) -> Correction:
    """Lock the sale of a case and the case, in the order in which everybody takes them."""
    sale_id = Correction.objects.values_list("sale", flat=True).get(pk=correction_id)
    Sale.objects.select_for_update(no_key=True).get(pk=sale_id)
    related = Correction.objects.select_related("document__issuer", "replacement", "credit_note", "sale")
    return related.select_for_update(of=("self",), no_key=True).get(pk=correction_id)


def advance(case: Correction, *, actor: Any = None) -> None:
    """Do every step that can be done now; the case and its sale are locked."""
    at = position(case)
    refusal = ""
    while at.act and not refusal:
        refusal = _do(case, at.act, actor)
        at = position(case)
    if refusal:
        at = Position(CaseState.PERSON, "blocked")
    write(case, at, reason=refusal, actor=actor)


def position(case: Correction) -> Position:
    """Return where the case stands by the states of its documents."""
    return position_of(
        Situation(
            mending=case.mending,
            original=case.document.status,
            replacement=_in_place(case.replacement).status if case.replacement else "",
            note=case.credit_note.status if case.credit_note else "",
            asked=case.invalidation_at is not None,
        )
    )


def _in_place(replacement: Document) -> Document:
    """Return what stands for the replacement: what was issued in its own place, where that was given up."""
    while replacement.status in GIVEN_UP and (following := live_replacement(replacement)) is not None:
        replacement = following
    return replacement


def _do(case: Correction, act: str, actor: Any) -> str:
    """Take one step; return why it was refused, in the words of the service, or nothing."""
    try:
        with transaction.atomic():
            if act == Act.INVALIDATE:
                request_invalidation(case.document, actor=actor, reason=wording(case))
                case.invalidation_at = now()
            else:
                case.credit_note = _credit(case, actor)
            case.save(update_fields=["invalidation_at", "credit_note"])
    except SmartbillError as error:
        case.document.refresh_from_db()
        case.invalidation_at = Correction.objects.values_list("invalidation_at", flat=True).get(pk=case.pk)
        return str(error)
    return ""


def _credit(case: Correction, actor: Any) -> Any:
    parts = lines_of(case.plan)
    return issue_credit_note(
        case.document,
        key=f"case{case.pk}",
        amount=sum(parts.values(), Decimal(0)) if parts else case.document.total - case.document.credited,
        lines=parts,
        description=wording(case),
        at=case.begun_at or now(),
        actor=actor,
    )


def wording(case: Correction) -> str:
    """Return why the document is given up or credited, as its customer reads it."""
    with translation.override(case.document.language):
        text = _("Correction of %(day)s")
        day = (case.begun_at or now()).astimezone(case.document.issuer.zone).date().isoformat()
        if case.replacement is None:
            return text % {"day": day}
        replaced = _("replaced by %(number)s") % {"number": case.replacement}
        return f"{text % {'day': day}}, {replaced}"


def write(case: Correction, at: Position, *, reason: str = "", actor: Any = None, **changes: Any) -> None:
    """Write where the case is, with an event where that is news. Its end is told to the customer, once."""
    moment, before = now(), case.state
    is_news = (at.state, at.code, reason) != (case.state, case.code, case.reason)
    looks = 0 if is_news else min(case.looks + 1, len(PAUSES) - 1)
    is_over = at.state in OVER
    values: dict[str, Any] = {"state": at.state, "code": at.code, "reason": reason, "looks": looks, **changes}
    values["next_at"] = _next_look(at.state, looks, moment)
    values["state_since"] = moment if is_news else case.state_since
    values["ended_at"] = moment if is_over else None
    for name, value in values.items():
        setattr(case, name, value)
    case.save(update_fields=list(values))
    if is_news:
        CorrectionEvent.objects.create(
            correction=case, before=before, after=at.state, code=at.code, actor=actor, reason=reason
        )
    if is_over:
        _end(case)


def _end(case: Correction) -> None:
    """The sale names the document in force, what went back is looked at anew, and the customer is told."""
    case.sale.refresh_from_db()
    follow_replacement(case.sale)
    account_correction(case)
    if case.replacement is not None:
        show_successor(case.document)
    Reversal.objects.filter(sale=case.sale).exclude(state__in=[State.DONE, State.NOTHING]).update(next_at=now())
    tell_customer(case)


def _next_look(state: str, looks: int, at: datetime) -> datetime | None:
    if state == CaseState.UNDER_WAY:
        return at + timedelta(seconds=PAUSES[looks])
    return at + WITH_PEOPLE if state == CaseState.PERSON else None
