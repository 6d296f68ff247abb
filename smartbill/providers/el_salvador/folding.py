"""Negative lines, such as the credit for unused time: the form has none, so they become discounts of other lines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from smartbill.drafts import Line

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """A charged line with its subtotal and discount in the price basis of the form."""

    line: Line
    tax_class: str
    subtotal: Decimal
    discount: Decimal

    @property
    def net(self) -> Decimal:
        return self.subtotal - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Folding:
    """The lines that stay, the credits that were taken from them, and what found no line of its tax class."""

    kept: Sequence[Amount]
    credits: Sequence[Line]
    excess: Decimal


def fold_credits(amounts: Sequence[Amount]) -> Folding:
    """Take every negative line from the largest lines of the same tax class; the others keep their order."""
    kept = [amount for amount in amounts if amount.net >= ZERO]
    negative = [amount for amount in amounts if amount.net < ZERO]
    excess = ZERO
    for credit in negative:
        excess += _take(-credit.net, credit.tax_class, kept)
    return Folding(kept=kept, credits=[credit.line for credit in negative], excess=excess)


def _take(credit: Decimal, tax_class: str, kept: list[Amount]) -> Decimal:
    """Spread one credit over `kept` in place and return what is left of it."""
    places = [place for place, amount in enumerate(kept) if amount.tax_class == tax_class]
    for place in sorted(places, key=lambda place: -kept[place].net):
        taken = min(credit, kept[place].net)
        kept[place] = replace(kept[place], discount=kept[place].discount + taken)
        credit -= taken
    return credit
