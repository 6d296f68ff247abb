"""The facts about a reversal, gathered from its sale, its document and the reversals before it. Reads only."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billing.corrections import Mending
from billing.models import Reversal, Sale
from billing.money import to_decimal
from billing.remedies import DocumentFacts, Facts, Standing, State
from smartbill.legal_rules import CREDIT_NOTE, INVALIDATION
from smartbill.lifecycle import GIVEN_UP, Kind
from smartbill.models import Document
from smartbill.providers import provider_for
from smartbill.services.replace import live_replacement
from smartbill.services.windows import windows_of_document

OPEN = (State.WAITING, State.UNDER_WAY)


def facts_of(reversal: Reversal, rows: Sequence[Reversal], *, sale: Sale, at: datetime) -> Facts:
    """Return the facts about one reversal; `rows` are all of its sale, in order, with their credit notes."""
    counted = counted_within(rows, sale.amount_minor)
    before = rows[: [row.pk for row in rows].index(reversal.pk)]
    document = sale.document
    return Facts(
        source=reversal.source,
        standing=reversal.standing,
        amount=to_decimal(counted[reversal.pk], reversal.currency) if document else Decimal(0),
        is_whole=_is_whole(reversal, rows, counted, sale.amount_minor),
        sale=sale.outcome,
        at=at,
        document=document_facts(document) if document else None,
        same_currency=document is None or {reversal.currency, sale.currency} == {document.currency},
        earlier_open=any(row.state in OPEN and row.standing != Standing.UNDONE for row in before),
        begun=reversal.remedy if reversal.has_begun else "",
        note=reversal.credit_note.status if reversal.credit_note else "",
        correction_open=sale.corrections.begun().exists(),
        foreseen=foreseen(reversal, rows, sale),
        corrected=to_decimal(reversal.corrected_minor, reversal.currency) if reversal.corrected_minor else Decimal(0),
    )


def counted_within(rows: Sequence[Reversal], amount_minor: int | None) -> Mapping[int, int]:
    """Return what counts of each reversal, by its key: together never more than the sale. What was begun comes first.

    Of a sale whose amount is not known yet everything counts.
    """
    counted = {row.pk: row.counted_minor or 0 for row in rows if row.has_begun}
    left = None if amount_minor is None else max(amount_minor - sum(counted.values()), 0)
    for row in rows:
        if row.pk in counted:
            continue
        amount = 0 if row.standing == Standing.UNDONE else row.amount_minor
        counted[row.pk] = amount if left is None else min(amount, left)
        left = None if left is None else left - counted[row.pk]
    return counted


def _is_whole(
    reversal: Reversal, rows: Sequence[Reversal], counted: Mapping[int, int], amount_minor: int | None
) -> bool:
    """Whether the reversals up to this one, as far as they are final at Stripe, take back the whole sale."""
    if amount_minor is None or not counted[reversal.pk]:
        return False
    up_to = (reversal.occurred_at, reversal.pk)
    final = [row for row in rows if row.has_begun or (row.occurred_at, row.pk) <= up_to]
    return sum(counted[row.pk] for row in final if row.standing == Standing.SETTLED) >= amount_minor


def foreseen(reversal: Reversal, rows: Sequence[Reversal], sale: Sale) -> Decimal:
    """Return what corrections have taken out of the documents and no other reversal accounts for, in units."""
    document = sale.document
    if document is None or sale.amount_minor is None or sale.currency != document.currency:
        return Decimal(0)
    taken = to_decimal(sale.amount_minor, sale.currency) - document.total if document.replaces_id else Decimal(0)
    cases = sale.corrections.filter(mending=Mending.CREDIT_NOTE, credit_note__corrects=document)
    for case in cases.exclude(credit_note__status__in=GIVEN_UP).select_related("credit_note"):
        taken += case.credit_note.total if case.credit_note else 0
    others = (row for row in rows if row.pk != reversal.pk and row.standing != Standing.UNDONE)
    accounted = sum((to_decimal(row.corrected_minor, row.currency) for row in others), Decimal(0))
    return max(taken - accounted, Decimal(0))


def document_facts(document: Document) -> DocumentFacts:
    """Return the facts about a document that both tables read."""
    windows = windows_of_document(document)
    ends = {about: window.safe_until for about, window in windows.items()}
    last = {about: window.last_possible for about, window in windows.items()}
    return DocumentFacts(
        kind=document.kind,
        status=document.status,
        total=document.total,
        credited=document.credited,
        only_whole=_only_whole(document),
        invalidate_until=ends.get(INVALIDATION),
        credit_until=ends.get(CREDIT_NOTE),
        invalidate_last=last.get(INVALIDATION),
        credit_last=last.get(CREDIT_NOTE),
        is_replaced=live_replacement(document) is not None,
    )


def _only_whole(document: Document) -> bool:
    if document.kind != Kind.CCF:
        return False
    draft = document.revisions.get(number=document.revision).draft
    return provider_for(document.issuer).only_credited_whole(draft)
