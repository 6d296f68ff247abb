"""A purchase as Stripe charged it: lines, taxes and payments in integers of the smallest unit, of whatever origin.

`billing.stripe_shapes` fills these from a snapshot; everything after it (rules, lines, payments) reads these only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedTax:
    """One tax of one line. `rate` is the percentage of the tax rate, None when it is not known."""

    amount: int
    inclusive: bool
    reason: str = ""
    rate_id: str = ""
    rate: Decimal | None = None
    taxable: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedLine:
    """One line: `subtotal` before discounts, with the inclusive and without the exclusive taxes.

    `source` is the object and id it came from. `tax_class` is what the seller's own metadata say, raw. `unit_amount` is
    the price of one, with Stripe's decimals beyond the smallest unit; None where there is none, as in tiers.
    """

    source: str
    description: str
    description_source: str
    quantity: Decimal
    subtotal: int
    discount: int = 0
    taxes: Sequence[ChargedTax] = ()
    tax_class: str = ""
    tax_class_source: str = ""
    code: str = ""
    goods: bool = False
    unit_amount: Decimal | None = None

    @property
    def net(self) -> int:
        """What is left after discounts, before exclusive taxes."""
        return self.subtotal - self.discount

    @property
    def exclusive_tax(self) -> int:
        return sum(tax.amount for tax in self.taxes if not tax.inclusive)

    @property
    def total(self) -> int:
        return self.net + self.exclusive_tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """One payment that arrived. `method` is Stripe's word, `refunded` what went back of the whole charge.

    `source` names where the method stands, where that is not the object of the reference.
    """

    reference: str
    amount: int
    method: str = ""
    funding: str = ""
    refunded: int = 0
    charged: int = 0
    source: str = ""

    @property
    def given_back(self) -> bool:
        return 0 < self.charged <= self.refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """All of it. `differences` are amounts by which Stripe's total and what was paid lawfully differ, by their name."""

    origin: str
    reference: str
    currency: str
    total: int
    lines: Sequence[ChargedLine]
    payments: Sequence[Paid]
    paid_at: datetime
    exclusive_tax: int | None = None
    number: str = ""
    customer_id: str = ""
    livemode: bool = False
    differences: Mapping[str, int] = field(default_factory=dict)
