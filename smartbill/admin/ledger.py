"""The cent ledger of a document: what rounding left over, which line took it, and why. Read from what is frozen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from config.admin import amount
from config.admin.texts import Text
from smartbill.drafts import Draft, Residual
from smartbill.models import Issuer
from smartbill.providers import provider_for

PARTS: dict[str, Text] = {
    "tax": _("Tax"),
    "discount": _("Discount"),
    "total": _("Total"),
    "price": _("Price"),
    "rounding": _("Rounding line"),
}
CAUSES: dict[str, Text] = {
    "invoice_tax": _("Stripe rounded the tax once for the whole invoice; the lines alone come to another sum."),
    "credit": _("A negative line became a discount of the others; its shares do not divide evenly."),
    "rate": _("The converted total does not divide evenly among the lines."),
    "price": _("A price of 8 decimals cannot carry this amount for the quantity; the discount takes the rest."),
    "rounding": _("The tax authority rounds the tax once on the net sum and would reach another total."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One rest: the number and text of the line that took it (counted from 1; 0: a line of its own), how much, why."""

    line: int
    description: str
    part: Text
    amount: str
    cause: Text


def ledger_of(draft: Draft, issuer: Issuer, *, is_complete: bool) -> Sequence[Entry]:
    """Return the rests of a draft; those of the form itself only where the draft is complete enough for a form."""
    found = [_entry(row, draft) for row in draft.residuals]
    return [*found, *_of_form(draft, issuer)] if is_complete else found


def _entry(row: Residual, draft: Draft) -> Entry:
    description = draft.lines[row.line].description
    return Entry(
        row.line + 1,
        description,
        PARTS[row.part],
        _signed(row.amount, row.currency or draft.currency),
        CAUSES[row.cause],
    )


def _of_form(draft: Draft, issuer: Issuer) -> Iterator[Entry]:
    printed = provider_for(issuer).printed(draft)
    for number, line in enumerate(printed.lines, 1):
        if line.rest:
            yield Entry(number, line.description, PARTS["price"], amount(line.rest, draft.currency), CAUSES["price"])
    if printed.rounding:
        yield Entry(0, "", PARTS["rounding"], _signed(printed.rounding, draft.currency), CAUSES["rounding"])


def _signed(value: Decimal, currency: str) -> str:
    return ("+" if value > 0 else "−") + amount(abs(value), currency)
