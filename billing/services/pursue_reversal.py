"""Bring a reversal one step further: facts, the table's verdict, and the remedy where no person is needed for it.

All reversals of a sale are worked off under the lock of the sale: two workers, or a worker and a click, come one after
the other, and the second finds the remedy begun.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from billing.errors import NotWithPeople
from billing.models import Reversal, ReversalEvent, Sale
from billing.money import CurrencyOnHold, UnreadableAmount, to_minor
from billing.remedies import Facts, Standing, State, Verdict, happens_by_itself, remedy_for
from billing.remedy_texts import BLOCKED
from billing.services.carry_out_remedy import carry_out
from billing.services.follow_replacement import follow_replacement
from billing.services.reversal_facts import counted_within, facts_of
from smartbill.errors import SmartbillError
from smartbill.models import Issuer

PAUSES = [5, 5, 15, 60, 300, 900]
"""Seconds between the looks at what goes on by itself."""
WITH_PEOPLE = timedelta(hours=1)
"""Between the looks at what waits for a person, who may have mended it elsewhere."""
FINAL = (State.DONE, State.NOTHING)


def pursue_reversal(*, reversal_id: int) -> None:
    """Look at a reversal that is due; nothing happens when it is not due any more."""
    sale_id = Reversal.objects.values_list("sale", flat=True).get(pk=reversal_id)
    with transaction.atomic():
        sale, rows = locked(sale_id)
        reversal = next((row for row in rows if row.pk == reversal_id), None)
        at = now()
        if reversal is None or reversal.next_at is None or reversal.next_at > at:
            return
        if reversal.settled_at is not None and not _is_taken_back(reversal):
            Reversal.objects.filter(pk=reversal.pk).update(next_at=None)
            return
        _pursue(reversal, rows, sale, at)


def _is_taken_back(reversal: Reversal) -> bool:
    """Whether what was settled about it is not true any more: a correction took out money that stayed."""
    return reversal.standing == Standing.UNDONE and reversal.corrected_minor > 0


def locked(sale_id: int) -> tuple[Sale, Sequence[Reversal]]:
    """Lock a sale; return it with its reversals in the order in which they are worked off."""
    related = Sale.objects.select_related("document__issuer", "endpoint__issuer")
    sale = related.select_for_update(of=("self",), no_key=True).get(pk=sale_id)
    follow_replacement(sale)
    return sale, list(sale.reversals.in_order().select_related("credit_note"))


def _pursue(reversal: Reversal, rows: Sequence[Reversal], sale: Sale, at: datetime) -> None:
    refusal = ""
    try:
        facts, verdict = judge(reversal, rows, sale, at)
        if happens_by_itself(verdict, facts, **policy(sale)):
            refusal = _begin(reversal, verdict, facts, sale)
            verdict = judge(reversal, rows, sale, at)[1]
    except (CurrencyOnHold, UnreadableAmount) as error:
        refusal, verdict = str(error), None
    if verdict is not None and not (refusal and verdict.remedy):
        write_verdict(reversal, rows, verdict)
    else:
        write(reversal, rows, state=State.PERSON, code=BLOCKED, reason=refusal)


def _begin(reversal: Reversal, verdict: Verdict, facts: Facts, sale: Sale) -> str:
    """Begin a remedy by itself; return why it was refused, in the service's own words, or nothing.

    Where somebody was quicker, the next judgement finds another state; a key that is missing goes to a person.
    """
    try:
        with transaction.atomic():
            carry_out(reversal, verdict, facts, sale=sale, actor=None)
    except SmartbillError as error:
        reversal.refresh_from_db()
        if sale.document is not None:
            sale.document.refresh_from_db()
        return str(error)
    return ""


def row_of(reversal: Reversal, rows: Sequence[Reversal]) -> Reversal:
    """Return the locked row of a reversal, or raise NotWithPeople when it went over to another sale meanwhile."""
    for row in rows:
        if row.pk == reversal.pk:
            return row
    raise NotWithPeople


def judge(reversal: Reversal, rows: Sequence[Reversal], sale: Sale, at: datetime) -> tuple[Facts, Verdict]:
    """Return the facts about a reversal and what the table says of them; what counts of it is noted on the row."""
    before = amounts_of(reversal)
    reversal.counted_minor = counted_within(rows, sale.amount_minor)[reversal.pk]
    facts = facts_of(reversal, rows, sale=sale, at=at)
    if not (reversal.has_begun or facts.correction_open or reversal.standing == Standing.UNDONE):
        reversal.corrected_minor = to_minor(facts.covered, reversal.currency) if facts.covered else 0
    if reversal.approved_by_id and not reversal.has_begun and amounts_of(reversal) != before:
        # Another amount than the one that was approved.
        reversal.approved_by = None
        Reversal.objects.filter(pk=reversal.pk).update(approved_by=None)
    return facts, remedy_for(facts)


def amounts_of(reversal: Reversal) -> tuple[int | None, int]:
    """Return what decides of how much a remedy is, as it was noted last."""
    return reversal.counted_minor, reversal.corrected_minor


def policy(sale: Sale) -> dict[str, Any]:
    """Return what the issuer has decided about corrections."""
    issuer = sale.endpoint.issuer
    return {"automatic": issuer.corrections == Issuer.Corrections.AUTOMATIC, "limit": issuer.second_person_above}


def write_verdict(reversal: Reversal, rows: Sequence[Reversal], verdict: Verdict, *, actor: Any = None) -> None:
    """Write what the table says. The remedy that was begun stays named; one that is proposed is named, too."""
    changes = {} if reversal.has_begun and not verdict.remedy else {"remedy": verdict.remedy}
    write(reversal, rows, state=verdict.state, code=verdict.code, reason=str(verdict.reason), actor=actor, **changes)


def write(
    reversal: Reversal,
    rows: Sequence[Reversal],
    *,
    state: str,
    code: str,
    reason: str,
    actor: Any = None,
    **changes: Any,
) -> None:
    """Write state and reason, with an event where they changed; the sale's other reversals are looked at then."""
    at, before = now(), reversal.state
    is_news = (state, code) != (before, reversal.code)
    looks = 0 if is_news else min(reversal.looks + 1, len(PAUSES) - 1)
    if is_news:
        # Whoever had approved it approved something else.
        changes = {"state_since": at, "approved_by": None, "confirmed_by": None} | _kept(reversal, state) | changes
    values = {"state": state, "code": code, "reason": reason, "looks": looks, **changes}
    values["next_at"] = next_look(state, looks, at)
    values["counted_minor"], values["corrected_minor"] = amounts_of(reversal)
    Reversal.objects.filter(pk=reversal.pk).update(updated_at=at, **values)
    if is_news:
        ReversalEvent.objects.create(reversal=reversal, before=before, after=state, reason=reason, actor=actor)
        others = [row.pk for row in rows if row.pk != reversal.pk and row.state not in FINAL]
        Reversal.objects.filter(pk__in=others).update(next_at=at)
    for name, value in values.items():
        setattr(reversal, name, value)


def _kept(reversal: Reversal, state: str) -> dict[str, Any]:
    """Return who approved the remedy, once it has begun."""
    if not reversal.has_begun or state == State.PROPOSED:
        return {}
    return {"approved_by": reversal.approved_by, "confirmed_by": reversal.confirmed_by}


def next_look(state: str, looks: int, at: datetime) -> datetime | None:
    """Return when a reversal in this state is looked at again; None when it is over."""
    if state in FINAL:
        return None
    if state in (State.PROPOSED, State.PERSON):
        return at + WITH_PEOPLE
    return at + timedelta(seconds=PAUSES[looks])
