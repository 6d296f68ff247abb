"""What went back of a sale, read from Stripe's refunds, credit notes, disputes and its invoice: nothing counted twice.

A refund that a credit note names is one with it. Where the remedy of the refund was begun before the credit note was
known, the note joins the refund and brings only what it takes back beyond it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing.remedies import Source, Standing
from billing.stripe_shapes import Shape, StripeId, id_of, instant, rows, whole

REFUND, CREDIT_NOTE, DISPUTE, INVOICE = "refund", "credit_note", "dispute", "invoice"
UNDONE_REFUNDS = ("failed", "canceled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """All that Stripe holds against one sale, as it is now."""

    refunds: Sequence[Shape] = ()
    credit_notes: Sequence[Shape] = ()
    disputes: Sequence[Shape] = ()
    invoice: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One reversal as Stripe has it now; `amount` in the smallest unit. `ids` are all its names, its own first."""

    source: str
    standing: str
    amount: int
    currency: str
    occurred_at: datetime
    ids: Sequence[StripeId] = field(default_factory=tuple)

    @property
    def key(self) -> str:
        kind, stripe_id = self.ids[0]
        return f"{kind}:{stripe_id}"


def movements(given: Given, *, begun: Mapping[str, int]) -> list[Movement]:
    """Return the reversals in the order in which they happened. Raises UnreadableShape.

    `begun` are the amounts of reversals whose remedy was begun, by key: these stay as they are for ever.
    """
    refunds = {id_of(refund): refund for refund in given.refunds if id_of(refund)}
    left = {key: whole(refund.get("amount"), "refund.amount") for key, refund in refunds.items()}
    joined: dict[str, list[StripeId]] = {key: [] for key in refunds}
    found = [_note(note, refunds, left, joined, begun) for note in sorted(given.credit_notes, key=_age)]
    for refund_id, refund in refunds.items():
        key = f"{REFUND}:{refund_id}"
        amount = begun.get(key, left[refund_id])
        if amount > 0:
            found.append(_refund(refund, amount, joined[refund_id]))
    found += [_dispute(dispute) for dispute in given.disputes if _counts(dispute, begun)]
    found += _given_up(given.invoice, begun)
    return sorted((each for each in found if each is not None), key=lambda each: (each.occurred_at, each.key))


def _note(
    note: Shape,
    refunds: Mapping[str, Shape],
    left: dict[str, int],
    joined: dict[str, list[StripeId]],
    begun: Mapping[str, int],
) -> Movement | None:
    """Read a credit note and take from its refunds what it covers of them; None when it brings nothing of its own."""
    note_id = id_of(note)
    own, total = (CREDIT_NOTE, note_id), whole(note.get("total"), "credit_note.total")
    is_void = note.get("status") == "void"
    ids = [own]
    for refund_id, amount in () if is_void else _covered(note, refunds):
        if f"{REFUND}:{refund_id}" in begun:
            total -= amount
            joined[refund_id].append(own)
        elif refunds[refund_id].get("status") not in UNDONE_REFUNDS:
            left[refund_id] -= amount
            if left[refund_id] <= 0:
                ids.append((REFUND, refund_id))
    total = begun.get(f"{CREDIT_NOTE}:{note_id}", total)
    if total <= 0:
        return None
    return Movement(
        source=Source.CREDIT_NOTE,
        standing=Standing.UNDONE if is_void else Standing.SETTLED,
        amount=total,
        currency=_currency(note),
        occurred_at=_when(note),
        ids=tuple(ids),
    )


def _covered(note: Shape, refunds: Mapping[str, Shape]) -> Iterable[tuple[str, int]]:
    """Yield which part of which refund a credit note stands for; before 2024 it named one refund, with all of it."""
    listed = rows(note.get("refunds"))
    for row in listed:
        if (refund := id_of(row.get("refund"))) in refunds:
            yield refund, whole(row.get("amount_refunded"), "credit_note.refunds.amount_refunded")
    if not listed and (refund := id_of(note.get("refund"))) in refunds:
        yield refund, whole(refunds[refund].get("amount"), "refund.amount")


def _refund(refund: Shape, amount: int, joined: Sequence[StripeId]) -> Movement:
    standing = Standing.PENDING
    if refund.get("status") in UNDONE_REFUNDS:
        standing = Standing.UNDONE
    elif refund.get("status") in ("succeeded", None):
        standing = Standing.SETTLED
    return Movement(
        source=Source.REFUND,
        standing=standing,
        amount=amount,
        currency=_currency(refund),
        occurred_at=_when(refund),
        ids=((REFUND, id_of(refund)), *joined),
    )


def _counts(dispute: Shape, begun: Mapping[str, int]) -> bool:
    return dispute.get("status") == "lost" or f"{DISPUTE}:{id_of(dispute)}" in begun


def _dispute(dispute: Shape) -> Movement:
    return Movement(
        source=Source.DISPUTE,
        standing=Standing.SETTLED if dispute.get("status") == "lost" else Standing.UNDONE,
        amount=whole(dispute.get("amount"), "dispute.amount"),
        currency=_currency(dispute),
        occurred_at=_when(dispute),
        ids=((DISPUTE, id_of(dispute)),),
    )


def _given_up(invoice: Shape | None, begun: Mapping[str, int]) -> list[Movement]:
    """An invoice that will never be paid, and was: Stripe allows that only where it never held the money itself."""
    sources = {"void": Source.VOID, "uncollectible": Source.WRITTEN_OFF}
    status = invoice.get("status") if invoice else None
    known = f"{INVOICE}:{id_of(invoice)}" in begun
    if invoice is None or (status not in sources and not known):
        return []
    total = whole(invoice.get("total"), "invoice.total")
    changed = instant((invoice.get("status_transitions") or {}).get("voided_at")) or _when(invoice)
    movement = Movement(
        source=sources.get(str(status), Source.VOID),
        standing=Standing.SETTLED if status in sources else Standing.UNDONE,
        amount=total,
        currency=_currency(invoice),
        occurred_at=changed,
        ids=((INVOICE, id_of(invoice)),),
    )
    return [movement] if total > 0 else []


def _currency(row: Shape) -> str:
    return str(row.get("currency") or "").upper()


def _when(row: Shape) -> datetime:
    found = instant(row.get("created"))
    if found is None:
        # Without it nothing can be put in order.
        whole(row.get("created"), "created")
        raise ValueError("created")
    return found


def _age(row: Shape) -> tuple[int, str]:
    created = row.get("created")
    return (created if isinstance(created, int) else 0, id_of(row))
