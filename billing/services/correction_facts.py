"""The facts about a case, gathered from its document, its sale and what went back of it. Reads only."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F
from django.utils.timezone import now

from billing.corrections import CaseFacts, CaseRow, mending_for
from billing.models import Correction, Reversal, Sale
from billing.money import to_decimal
from billing.remedies import Standing, State
from billing.services.reversal_facts import document_facts
from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.models.document import DocumentQuerySet
from smartbill.services.replace import live_replacement

GOING_ON = (State.WAITING, State.PROPOSED, State.UNDER_WAY)


def facts_of_case(case: Correction, *, at: datetime) -> CaseFacts:
    """Return the facts that decide about a case now."""
    rows = list(Reversal.objects.filter(sale=case.sale_id).in_order())
    document, corrects = case.document, case.document.corrects
    left_to_people = [
        row
        for row in rows
        if row.standing == Standing.SETTLED and (row.state == State.PERSON or row.settled_at is not None)
    ]
    return CaseFacts(
        wrong=case.wrong,
        document=document_facts(document),
        at=at,
        refunded=sum((to_decimal(_owed(row), row.currency) for row in left_to_people), Decimal(0)),
        all_back=_is_all_back(rows, case.sale.amount_minor),
        reversal_open=any(row.state in GOING_ON for row in rows),
        case_open=case.sale.corrections.begun().exclude(pk=case.pk).exists(),
        has_twin=twins_of(case).exists() or _is_second(case.sale),
        note_of_replaced=corrects is not None and live_replacement(corrects) is not None,
        reversals={str(row.pk): _owed(row) for row in left_to_people if _owed(row)},
    )


def twins_of(case: Correction) -> DocumentQuerySet:
    """Return the other documents in force of the same buyer over the same total, paid within the issuer's days.

    Another month of a subscription is no second document of this one.
    """
    document = case.document
    days = timedelta(days=max(document.issuer.manual_match_days, 1))
    period = (document.occurred_at - days, document.occurred_at + days)
    buyer = {"customer_name": document.customer_name, "customer_tax_id": document.customer_tax_id}
    if document.customer_reference:
        buyer = {"customer_reference": document.customer_reference}
    same = {"issuer": document.issuer_id, "livemode": document.livemode, "currency": document.currency}
    same |= {"total": document.total, "occurred_at__range": period}
    found = Document.objects.filter(**buyer, **same, status=Status.STAMPED, corrects=None)
    return found.filter(credited__lt=F("total")).exclude(pk=document.pk)


def _owed(row: Reversal) -> int:
    """Return what of a reversal no correction has taken out of the documents."""
    return max((row.counted_minor or 0) - row.corrected_minor, 0)


def _is_all_back(rows: Sequence[Reversal], amount_minor: int | None) -> bool:
    settled = (row.counted_minor or 0 for row in rows if row.standing == Standing.SETTLED)
    return bool(amount_minor) and sum(settled) >= (amount_minor or 0)


def _is_second(sale: Sale) -> bool:
    """Whether Stripe said that the same purchase has the document of another sale as well."""
    return any(reason.get("code") == "second_document" for reason in sale.reasons)


def offer_for(case: Correction) -> CaseRow:
    """Return what the table says about a case now."""
    return mending_for(facts_of_case(case, at=now()))
