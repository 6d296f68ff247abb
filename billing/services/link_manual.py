"""The payment of a document made by hand is seen at Stripe: it is linked, compared, and never makes a second document.

It is linked by the id that was entered with the document, or by a person's answer; nothing is guessed.
"""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import NotHeld
from billing.models import ManualEntry, Sale
from billing.money import to_decimal
from billing.services.match_manual import manual_matches
from billing.services.redraft import draft_of_snapshot
from billing.services.register_sale import join_sales, note, register_sale, take_up
from billing.services.snapshot_sale import fetch_evidence
from billing.stripe_purchases import headline, settlement
from billing.stripe_shapes import StripeId
from smartbill.errors import Problem
from smartbill.lifecycle import GIVEN_UP
from smartbill.permissions import require_person, require_reason

ANSWER = "billing.answer_manualentry"
MAYBE_MANUAL = "maybe_manual"
NAMED = 20
"""Documents that a question names; its page offers every one."""


def hear_payment(sale: Sale, stripe_id: StripeId) -> None:
    """An event names an id of a sale: when a person entered that sale, its payment is read, linked and compared.

    Reads Stripe, so never inside a transaction; raises billing.errors, and is safely repeated.
    """
    if not sale.is_manual or not ManualEntry.objects.filter(sale=sale).open().exists():
        return
    evidence = fetch_evidence({stripe_id})
    if settlement(evidence.content) != "paid":
        return
    with transaction.atomic():
        survivor = register_sale(endpoint=sale.endpoint, key=sale.key, ids=evidence.ids)
        record_payment(survivor, headline(evidence.content), stripe_id=stripe_id[1])


def record_payment(sale: Sale, seen: Mapping[str, Any], *, stripe_id: str, actor: Any = None) -> None:
    """Mark the entry of a sale as paid at Stripe, once, and say on the sale what does not agree."""
    linked = ManualEntry.objects.open().filter(sale=sale).update(linked_at=now(), linked_by=actor)
    if not linked:
        return
    row = Sale.objects.select_for_update(no_key=True).get(pk=sale.pk)
    text = _("The payment %(id)s was seen at Stripe and linked: no second document is made.") % {"id": stripe_id}
    note(row, row.outcome, row.outcome, reason=text, actor=actor)
    reasons = [problem.as_json() for problem in _differences(row, seen, stripe_id)]
    Sale.objects.filter(pk=row.pk).update(reasons=[*row.reasons, *reasons], search_at=now(), updated_at=now())
    sale.refresh_from_db()


def _differences(sale: Sale, seen: Mapping[str, Any], stripe_id: str) -> list[Problem]:
    found = []
    if (seen["amount_minor"], seen["currency"]) != (sale.amount_minor, sale.currency):
        text = _("Stripe charged %(theirs)s for %(id)s, but %(ours)s was entered by hand: correct one of the two.")
        shown = {"theirs": _amount(seen), "ours": _amount(vars(sale)), "id": stripe_id}
        found.append(Problem("total", "linked_amount_differs", text % shown))
    if sale.document is not None and sale.document.status in GIVEN_UP:
        text = _("The document made by hand is “%(status)s”, but its payment %(id)s arrived: issue another, or refund.")
        shown = {"status": str(sale.document.get_status_display()), "id": stripe_id}
        found.append(Problem("sale", "linked_document_gone", text % shown))
    return found


def _amount(values: Mapping[str, Any]) -> str:
    if values["amount_minor"] is None:
        return "–"
    return f"{to_decimal(values['amount_minor'], values['currency'])} {values['currency']}"


# The question and its two answers -------------------------------------------------------------------------------------
def question(entries: list[ManualEntry]) -> Problem:
    """Return the reason for which a payment waits that may be the one of a document made by hand."""
    named = ", ".join(str(entry.sale.document or entry.sale) for entry in entries[:NAMED])
    named += " …" if len(entries) > NAMED else ""
    text = _("Is this the payment of a document made by hand (%(named)s)? Say so, or let it have its own document.")
    return Problem("sale", MAYBE_MANUAL, text % {"named": named})


def candidates_for(sale: Sale) -> list[ManualEntry]:
    """Return the documents made by hand that a held sale may belong to."""
    if sale.outcome != Sale.Outcome.HELD or not any(row["code"] == MAYBE_MANUAL for row in sale.reasons):
        return []
    issuer = sale.endpoint.issuer
    return list(manual_matches(sale, draft_of_snapshot(sale), issuer=issuer))


def link_to_manual(sale: Sale, *, entry_id: int, actor: Any, reason: str) -> None:
    """Answer: it is the payment of that document. The held sale ends, and its ids belong to the other from now on.

    Raises PermissionDenied, ReasonMissing, or NotHeld when the question or the document is not open any more.
    """
    require_person(actor, ANSWER)
    reason = require_reason(reason)
    with transaction.atomic():
        target = ManualEntry.objects.filter(pk=entry_id).values_list("sale_id", flat=True).first()
        locked = {row.pk: row for row in _locked(sale.pk, target)}
        row, manual = locked[sale.pk], locked.get(target or 0)
        offered = {entry.pk for entry in candidates_for(row)}
        if manual is None or entry_id not in offered or manual.outcome == Sale.Outcome.NOT_APPLICABLE:
            raise NotHeld
        seen = {"amount_minor": row.amount_minor, "currency": row.currency}
        stripe_id = row.key.partition(":")[2]
        join_sales(row, manual)
        record_payment(manual, seen, stripe_id=stripe_id, actor=actor)
        note(manual, manual.outcome, manual.outcome, reason=reason, actor=actor)
    sale.refresh_from_db()


def issue_own(sale: Sale, *, actor: Any, reason: str) -> None:
    """Answer: it is another sale. It is decided again and gets its own document. Raises as `link_to_manual` does."""
    require_person(actor, ANSWER)
    reason = require_reason(reason)
    with transaction.atomic():
        (row,) = _locked(sale.pk)
        if not any(each["code"] == MAYBE_MANUAL for each in row.reasons):
            raise NotHeld
        Sale.objects.filter(pk=row.pk).update(is_own=True)
        if not take_up(
            row, actor=actor, reason=_("Not the payment of a document made by hand: %(why)s") % {"why": reason}
        ):
            raise NotHeld
    sale.refresh_from_db()


def _locked(*keys: int | None) -> list[Sale]:
    wanted = [key for key in keys if key is not None]
    rows = Sale.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=wanted).order_by("pk")
    return list(rows.select_related("endpoint__issuer"))
