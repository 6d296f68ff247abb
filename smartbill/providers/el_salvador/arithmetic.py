"""The tax authority's arithmetic: what was charged becomes prices of its form, and its totals are computed as it does.

Prices include IVA on a factura, are net on a CCF and carry no tax on an export. Body figures have 8 decimals and the
summary 2, all rounded half up (Manual Funcional V2.0 p. 29-34, 52-54). Nothing here knows a field name of the API.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext

from smartbill.drafts import Draft, Line
from smartbill.lifecycle import REGISTERED, Kind
from smartbill.providers.el_salvador.folding import Amount, fold_credits

CENT = Decimal("0.01")
STEP = Decimal("0.00000001")
ZERO = Decimal(0)
STANDARD, EXEMPT, NOT_SUBJECT, UNTAXED = "standard", "exempt", "not_subject", "untaxed"
# A reachable net total is at least 0.00058 away from the next half cent, so the lines together may stray this far.
STRAY = Decimal("0.0002")
DIGITS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """One line of the form. `tax_class`: standard, exempt, not_subject or untaxed (outside the tax base, signed).

    `rest` is the part of the discount that makes up for a price of 8 decimals, as was no discount of the seller's.
    """

    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    tax_class: str
    unit: str
    code: str = ""
    rest: Decimal = ZERO

    @property
    def amount(self) -> Decimal:
        return round8(self.quantity * self.unit_price - self.discount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The summary as the authority computes it; `tax` is contained in `taxed` on a factura, added to it on a CCF."""

    taxed: Decimal
    exempt: Decimal
    not_subject: Decimal
    untaxed: Decimal
    tax: Decimal
    payable: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """The form's lines and totals. `difference` is charged minus payable, `rounding` the line added to close it.

    `credits` are the negative lines that became discounts of others; `excess` is what found no line to be taken from.
    """

    lines: Sequence[PricedLine]
    totals: Totals
    difference: Decimal
    rounding: Decimal
    credits: Sequence[Line]
    excess: Decimal


def calculate(draft: Draft, *, rate: Decimal, rounding_limit: Decimal = ZERO, rounding_text: str = "") -> Calculation:
    """Price every line of a draft and total them; a limit of 0 permits no rounding line."""
    with localcontext() as context:
        context.prec = DIGITS
        folding = fold_credits([_amount(draft.kind, line, rate) for line in draft.lines])
        lines = [_priced(amount, STRAY / max(len(folding.kept), 1)) for amount in folding.kept]
        totals = total(draft.kind, lines, rate=rate)
        difference, rounding = draft.total - totals.payable, ZERO
        if draft.kind == Kind.CREDIT_NOTE and abs(difference) <= CENT:
            # A note is made of its amount alone, and its tax is what the net leaves: there the odd cent goes.
            totals = replace(totals, tax=totals.tax + difference, payable=draft.total)
            difference = ZERO
        if draft.kind == Kind.CCF and ZERO < abs(difference) <= rounding_limit:
            rounding = difference
            lines.append(_rounding_line(rounding, rounding_text))
            totals = total(draft.kind, lines, rate=rate)
            difference = draft.total - totals.payable
        return Calculation(
            lines=lines,
            totals=totals,
            difference=difference,
            rounding=rounding,
            credits=folding.credits,
            excess=folding.excess,
        )


def total(kind: str, lines: Sequence[PricedLine], *, rate: Decimal) -> Totals:
    """Sum lines by the rules of this kind of document; what is payable is never below zero."""
    taxed, exempt, not_subject, untaxed = (
        round2(sum((line.amount for line in lines if line.tax_class == tax_class), ZERO))
        for tax_class in (STANDARD, EXEMPT, NOT_SUBJECT, UNTAXED)
    )
    tax = ZERO
    if kind == Kind.FACTURA:
        tax = round2(sum((tax_within(line.amount, rate) for line in lines if line.tax_class == STANDARD), ZERO))
    elif kind in REGISTERED:
        tax = round2(taxed * rate)
    added = tax if kind in REGISTERED else ZERO
    return Totals(
        taxed=taxed,
        exempt=exempt,
        not_subject=not_subject,
        untaxed=untaxed,
        tax=tax,
        payable=max(taxed + exempt + not_subject + added + untaxed, ZERO),
    )


def tax_within(amount: Decimal, rate: Decimal) -> Decimal:
    """Return the tax contained in a price at 8 decimals."""
    return round8(amount / (1 + rate) * rate)


def round2(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def round8(value: Decimal) -> Decimal:
    return value.quantize(STEP, ROUND_HALF_UP)


def _amount(kind: str, line: Line, rate: Decimal) -> Amount:
    """Return a line's subtotal and discount in the price basis of this kind of document."""
    tax_class = STANDARD if kind == Kind.EXPORT else line.tax_class  # an export is taxed at zero as a whole
    if kind in REGISTERED:
        factor = 1 + rate if line.tax_inclusive and tax_class == STANDARD else Decimal(1)
        subtotal = round8(line.subtotal / factor)
        return Amount(line, tax_class, subtotal, subtotal - round8((line.subtotal - line.discount) / factor))
    net = line.subtotal - line.discount
    if line.tax_inclusive or not line.discount or not net:
        return Amount(line, tax_class, line.total + line.discount, line.discount)
    discount = round2(line.discount * line.total / net)
    return Amount(line, tax_class, line.total + discount, discount)


def _priced(amount: Amount, stray: Decimal) -> PricedLine:
    line, quantity = amount.line, amount.line.quantity
    price, discount, rest = _price(quantity, amount.subtotal, amount.discount, stray)
    return PricedLine(
        description=line.description,
        quantity=quantity,
        unit_price=price,
        discount=discount,
        tax_class=amount.tax_class,
        unit=line.unit,
        code=line.code,
        rest=rest,
    )


def _price(quantity: Decimal, subtotal: Decimal, discount: Decimal, stray: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return a unit price and a discount whose line comes to subtotal minus discount, give or take `stray`.

    Where 8 decimals are too coarse for the quantity, the price is rounded up and the discount takes the rest, which is
    the third value.
    """
    target = subtotal - discount
    price, given = round8(subtotal / quantity), round8(discount)
    if abs(round8(quantity * price - given) - target) <= stray and given <= quantity * price:
        return price, given, ZERO
    price = (subtotal / quantity).quantize(STEP, ROUND_CEILING)
    given = round8(quantity * price - target)
    given = given if given <= quantity * price else given - STEP
    return price, given, given - round8(discount)


def _rounding_line(amount: Decimal, text: str) -> PricedLine:
    return PricedLine(
        description=text, quantity=Decimal(1), unit_price=amount, discount=ZERO, tax_class=UNTAXED, unit="service"
    )
