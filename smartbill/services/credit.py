"""Credit notes: a document that takes back a part or the whole of another, within what is left of it.

What live notes take back is kept on the document that they correct. The database holds it within the total, and lets no
document with a live note leave the state in which it is stamped and in force.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from smartbill.drafts import Corrected, Draft, Line
from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import GIVEN_UP, Kind, Status
from smartbill.models import Document
from smartbill.permissions import require
from smartbill.providers import provider_for
from smartbill.services.create import create_document

CENT = Decimal("0.01")


def credit_blockers(document: Document, amount: Decimal, lines: Mapping[int, Decimal] | None = None) -> list[str]:
    """Return, in words, all that certainly forbids a credit note of this amount; deadlines are the authority's.

    `lines` is what of it is taken back from which line, counted from 0.
    """
    blockers: list[str] = []
    if document.kind != Kind.CCF:
        blockers.append(_("Only a CCF can be corrected by a credit note."))
    if document.status != Status.STAMPED:
        blockers.append(_("Only a stamped document that is in force can be corrected by a credit note."))
    if not 0 < amount <= document.total - document.credited:
        text = _("Credit notes of %(credited)s stand against a total of %(total)s: %(amount)s is more than is left.")
        shown = {"credited": document.credited, "total": document.total, "amount": amount}
        blockers.append(text % {name: f"{value:.2f}" for name, value in shown.items()})
    return [*blockers, *_line_blockers(document, lines or {})]


def line_rests(document: Document) -> list[Decimal]:
    """Return what live notes leave of each line. A note over an amount names no line, and counts in the total alone."""
    rests = [line.total for line in _issued(document).lines]
    for note in document.corrections.exclude(status__in=GIVEN_UP):
        for line in _issued(note).lines:
            if line.of_line is not None:
                rests[line.of_line] -= line.total
    return rests


def _line_blockers(document: Document, lines: Mapping[int, Decimal]) -> list[str]:
    if not lines:
        return []
    rests = line_rests(document)
    text = _("Line %(line)s: %(amount)s is more than the %(left)s that is left of it.")
    return [
        text % {"line": number + 1, "amount": f"{amount:.2f}", "left": f"{rests[number]:.2f}"}
        for number, amount in lines.items()
        if not 0 < amount <= rests[number]
    ]


def issue_credit_note(
    document: Document,
    *,
    key: str,
    amount: Decimal,
    description: str,
    at: datetime,
    lines: Mapping[int, Decimal] | None = None,
    actor: Any = None,
) -> Document:
    """Queue a credit note over `amount` (tax included); return the first one's note for the same `key` for ever.

    `at` is when the money went back, `lines` what of it is taken back from which line; together they are the amount.
    Raises PreconditionFailed with every blocker in words.
    """
    require(actor, "smartbill.credit_document")
    purpose = f"credit:{key}"
    with transaction.atomic():
        row = Document.objects.select_for_update(of=("self",)).select_related("issuer").get(pk=document.pk)
        if (note := row.corrections.filter(purpose=purpose).first()) is not None:
            return note
        if blockers := credit_blockers(row, amount, lines):
            raise PreconditionFailed(" ".join(blockers))
        draft = _note_draft(row, purpose=purpose, amount=amount, description=description, at=at, parts=lines or {})
        note = create_document(draft=draft, corrects=row)
        _set_credited(row, row.credited + note.total)
        row.events.create(
            before=row.status,
            after=row.status,
            actor=actor,
            reason=_("Credit note %(note)s over %(amount)s: %(why)s")
            % {"note": note.reference, "amount": f"{amount:.2f}", "why": description},
        )
    return note


def release_credit(note: Document) -> None:
    """Give back what a note that died had taken; nothing for any other document. Within the caller's transaction."""
    if note.corrects_id is not None:
        row = Document.objects.select_for_update().get(pk=note.corrects_id)
        _set_credited(row, row.credited - note.total)


def _set_credited(document: Document, credited: Decimal) -> None:
    # Written as it was computed here, under the row's lock: SQLite would add two columns as floats.
    unchanged = Document.objects.filter(pk=document.pk, status=Status.STAMPED)
    if not unchanged.update(credited=credited):
        raise TransitionRefused(document, Status.STAMPED)
    document.credited = credited


def _issued(document: Document) -> Draft:
    return document.revisions.get(number=document.revision).draft


def _note_draft(
    document: Document,
    *,
    purpose: str,
    amount: Decimal,
    description: str,
    at: datetime,
    parts: Mapping[int, Decimal],
) -> Draft:
    original = _issued(document)
    issued_at = document.issued_at or document.occurred_at
    corrected = Corrected(
        generation_code=document.generation_code,
        control_number=document.control_number,
        issued_on=issued_at.astimezone(document.issuer.zone).date(),
        total=document.total,
        description=description,
        only_whole=provider_for(document.issuer).only_credited_whole(original),
    )
    return Draft(
        issuer_id=document.issuer_id,
        source=document.source,
        purpose=purpose,
        kind=Kind.CREDIT_NOTE.value,
        livemode=document.livemode,
        currency=document.currency,
        total=amount,
        party=original.party,
        lines=_lines(original, amount, description, parts),
        payments=(),
        language=document.language,
        occurred_at=at,
        customer_reference=document.customer_reference,
        corrects=corrected,
    )


def _lines(original: Draft, amount: Decimal, description: str, parts: Mapping[int, Decimal]) -> Sequence[Line]:
    if amount == original.total:
        return [replace(line, of_line=number) for number, line in enumerate(original.lines)]
    if not parts:
        return [_part(original, amount, description)]
    return [part_of(original.lines[number], part, of_line=number) for number, part in sorted(parts.items())]


def part_of(line: Line, amount: Decimal, *, of_line: int | None = None) -> Line:
    """Return a part of one line, as the same thing for less: `amount` is what the customer pays or gets for it."""
    tax = (line.tax * amount / line.total).quantize(CENT, ROUND_HALF_UP)
    return replace(
        line,
        quantity=Decimal(1),
        subtotal=amount if line.tax_inclusive else amount - tax,
        discount=Decimal(0),
        tax=tax,
        unit_price=None,
        charged=None,
        of_line=of_line,
    )


def _part(original: Draft, amount: Decimal, description: str) -> Line:
    """Return the one line of a note over a part: its tax is the share that the original's tax has in its total."""
    added = sum((line.tax for line in original.lines), Decimal(0))
    tax = (added * amount / original.total).quantize(CENT, ROUND_HALF_UP)
    rate = next((line.tax_rate for line in original.lines if line.tax_rate is not None), None)
    return Line(description=description, quantity=Decimal(1), subtotal=amount, tax=tax, tax_rate=rate)
