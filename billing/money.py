"""Money as Stripe writes it: integers of the smallest unit, and the one rule that spreads residual cents.

The number of decimals per currency is Stripe's own table (billing/data/currencies.json), not that of ISO 4217 or of a
locale library: they differ. All other currencies have two decimals.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

_TABLE = json.loads((Path(__file__).parent / "data" / "currencies.json").read_text("utf-8"))


class CurrencyOnHold(ValueError):
    """Stripe's own documents disagree about the exponent of this currency, so no amount in it is read."""


class UnreadableAmount(ValueError):
    """The amount cannot be what Stripe means: not an integer, or decimals that must be zero are not."""


def exponent(currency: str) -> int:
    """Return how many decimals Stripe's integers carry in a currency, such as 2 for USD, 0 for JPY and 3 for KWD."""
    code = currency.lower()
    if code in _TABLE["on_hold"]:
        raise CurrencyOnHold(code)
    if code in _TABLE["zero_decimal"]:
        return 0
    return 3 if code in _TABLE["three_decimal"] else 2


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """Return an amount in units of the currency, with exactly the decimals that Stripe's integers carry.

    ISK has no decimals although Stripe writes two: 500 is 5.00, and 550 is refused.
    """
    if isinstance(amount_minor, bool) or not isinstance(amount_minor, int):
        raise UnreadableAmount(repr(amount_minor))
    if currency.lower() in _TABLE["two_decimals_always_zero"] and amount_minor % 100:
        raise UnreadableAmount(f"{amount_minor} {currency}")
    return Decimal(amount_minor).scaleb(-exponent(currency))


@dataclass(frozen=True, slots=True)
class Allocation:
    """Shares in the order of their weights, and the places of those that took a residual unit."""

    shares: Sequence[int]
    took: frozenset[int]


def to_minor(amount: Decimal, currency: str) -> int:
    """Return units of a currency as Stripe's integers carry them; what is less than the smallest unit is left out."""
    return int(amount.scaleb(exponent(currency)))


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Return the shares of `allocation`."""
    return list(allocation(total, weights).shares)


def allocation(total: int, weights: Sequence[int]) -> Allocation:
    """Spread an integer over weights so that the shares sum to it exactly, by the largest remainder.

    Every share is within one unit of the exact proportion; of equal remainders the first takes the unit. With weights
    that are all zero the shares are equal. A share never passes its weight while `total` does not pass their sum.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("weights must be given and must not be negative")
    if total < 0:
        opposite = allocation(-total, weights)
        return Allocation([-share for share in opposite.shares], opposite.took)
    parts = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(parts)
    shares = [total * part // whole for part in parts]
    left = total - sum(shares)
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(total * parts[i] % whole), i))
    for i in by_remainder[:left]:
        shares[i] += 1
    return Allocation(shares, frozenset(by_remainder[:left]))
