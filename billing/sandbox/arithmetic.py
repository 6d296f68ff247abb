"""What Stripe computes for lines: discounts spread over them, then inclusive and exclusive taxes, in whole minor units.

Pure functions. Every figure is rounded on its line, half away from zero, so the lines always add up to the totals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Cut:
    """One discount: a percentage, or an amount in minor units. `products` limits it when not empty."""

    discount: str
    percent: Decimal | None = None
    amount: int | None = None
    products: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rate:
    """One tax rate."""

    tax_rate: str
    percentage: Decimal
    inclusive: bool


@dataclass(frozen=True)
class Item:
    """One line before discounts and taxes."""

    amount: int
    rates: tuple[Rate, ...] = ()
    cuts: tuple[Cut, ...] = ()
    discountable: bool = True
    product: str = ""


@dataclass(frozen=True)
class Tax:
    """The tax of one rate on one line; `taxable` is net of inclusive taxes."""

    rate: Rate
    amount: int
    taxable: int


@dataclass(frozen=True)
class Line:
    """One line with everything applied. `own` are the line's discounts, `shared` its part of the document's."""

    item: Item
    own: dict[str, int] = field(default_factory=dict)
    shared: dict[str, int] = field(default_factory=dict)
    taxes: tuple[Tax, ...] = ()

    @property
    def before_shared(self) -> int:
        """The amount less the line's own discounts."""
        return self.item.amount - sum(self.own.values())

    @property
    def after_discounts(self) -> int:
        """The amount less every discount."""
        return self.before_shared - sum(self.shared.values())

    @property
    def added_tax(self) -> int:
        """The taxes that come on top."""
        return sum(tax.amount for tax in self.taxes if not tax.rate.inclusive)

    @property
    def total(self) -> int:
        """What the buyer pays for this line."""
        return self.after_discounts + self.added_tax


def rounded(value: Decimal) -> int:
    """Whole minor units, half away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights`, exactly, by largest remainder (the earlier line wins a tie)."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    sign, size = (-1 if total < 0 else 1), abs(total)
    parts = [size * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: -(size * weights[index] % whole))
    for index in order[: size - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]


def compute(items: Sequence[Item], cuts: Sequence[Cut] = (), *, exempt: bool = False) -> list[Line]:
    """Apply each line's discounts, then the document's, then the taxes. An exempt buyer owes none."""
    own = [_own_cuts(item) for item in items]
    left = [item.amount - sum(taken.values()) for item, taken in zip(items, own, strict=True)]
    shared: list[dict[str, int]] = [{} for _ in items]
    for cut in cuts:
        for index, taken in enumerate(_shared_cut(items, left, cut)):
            if taken:
                shared[index][cut.discount] = taken
                left[index] -= taken
    return [
        Line(item, own[index], shared[index], taxes_on(left[index], item.rates, exempt=exempt))
        for index, item in enumerate(items)
    ]


def _cut_of(base: int, cut: Cut) -> int:
    if base <= 0:
        return 0
    if cut.percent is not None:
        return min(base, rounded(base * cut.percent / HUNDRED))
    return min(base, cut.amount or 0)


def _applies(item: Item, cut: Cut) -> bool:
    return item.discountable and (not cut.products or item.product in cut.products)


def _own_cuts(item: Item) -> dict[str, int]:
    taken: dict[str, int] = {}
    left = item.amount
    for cut in item.cuts:
        if _applies(item, cut):
            taken[cut.discount] = _cut_of(left, cut)
            left -= taken[cut.discount]
    return taken


def _shared_cut(items: Sequence[Item], left: Sequence[int], cut: Cut) -> list[int]:
    bases = [max(0, rest) if _applies(item, cut) else 0 for item, rest in zip(items, left, strict=True)]
    return share(_cut_of(sum(bases), cut), bases)


def taxes_on(amount: int, rates: Sequence[Rate], *, exempt: bool = False) -> tuple[Tax, ...]:
    """The taxes of `amount`: inclusive ones are taken out of it, exclusive ones are computed on what is left."""
    if exempt:
        return tuple(Tax(rate, 0, amount) for rate in rates)
    inclusive = [rate for rate in rates if rate.inclusive]
    net = net_of(amount, rates)
    contained = share(amount - net, [int(rate.percentage * 10_000) for rate in inclusive])
    parts = dict(zip((rate.tax_rate for rate in inclusive), contained, strict=True))
    return tuple(
        Tax(rate, parts[rate.tax_rate] if rate.inclusive else rounded(net * rate.percentage / HUNDRED), net)
        for rate in rates
    )


def net_of(amount: int, rates: Sequence[Rate]) -> int:
    """The amount without the inclusive taxes it contains."""
    contained = sum((rate.percentage for rate in rates if rate.inclusive), Decimal(0))
    return rounded(amount * HUNDRED / (HUNDRED + contained))
