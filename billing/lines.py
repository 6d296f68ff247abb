"""The lines of a draft, to the cent what Stripe charged.

A line that sold nothing (quantity and price zero) is left out. A negative line (the unused part of a plan, a manual
credit) becomes a discount on the other lines of the same tax class, spread by the largest remainder; the provenance
says which line took how much. Where that cannot be, the line stays as it is and the document is held.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.money import allocation, exponent, to_decimal
from billing.purchases import ChargedLine, Purchase
from billing.taxes import TaxReading, read_tax
from billing.texts import clean
from smartbill.drafts import Line, Provenance, Residual
from smartbill.errors import Problem

SETTLED = gettext_noop("residual cents of the tax by the largest remainder")


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRules:
    """What decides about lines beside the lines: the kind of document, two settings of the issuer and the rate."""

    kind: str
    untaxed: str
    rate: Decimal
    default_description: str = ""


@dataclass(slots=True, kw_only=True)
class Working:
    """A line while its amounts are still being settled, in the smallest unit."""

    charged: ChargedLine
    reading: TaxReading
    discount: int
    tax: int
    discount_rules: list[str] = field(default_factory=list)
    tax_rules: list[str] = field(default_factory=list)
    rests: list[tuple[str, int, str]] = field(default_factory=list)
    """Part, units and cause of what this line took because rounding left it over."""

    @property
    def net(self) -> int:
        return self.charged.subtotal - self.discount

    @property
    def total(self) -> int:
        return self.net + (0 if self.reading.inclusive else self.tax)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLines:
    """Lines, where their values came from, and what could not be decided. `total` is in the smallest unit."""

    lines: Sequence[Line]
    provenance: Mapping[str, Provenance]
    problems: Sequence[Problem]
    total: int
    residuals: Sequence[Residual] = ()


def build_lines(purchase: Purchase, rules: LineRules) -> BuiltLines:
    """Translate the charged lines; their sum is what Stripe charged for them, whatever else is found."""
    working = [_working(line, rules) for line in purchase.lines if _sold(line)]
    _settle_tax(working, purchase)
    kept = _fold_negative(working)
    provenance: dict[str, Provenance] = {}
    problems: list[Problem] = []
    lines = []
    for number, row in enumerate(kept):
        lines.append(_line(row, purchase.currency, rules, f"lines.{number}", provenance, problems))
    return BuiltLines(
        lines=tuple(lines),
        provenance=provenance,
        problems=problems,
        total=sum(row.total for row in kept),
        residuals=tuple(_residuals(kept, purchase.currency)),
    )


def _residuals(kept: Sequence[Working], currency: str) -> Iterator[Residual]:
    for number, row in enumerate(kept):
        for part, units, cause in row.rests:
            yield Residual(line=number, part=part, amount=to_decimal(units, currency), cause=cause)


def _sold(line: ChargedLine) -> bool:
    return bool(line.quantity or line.subtotal or line.discount or line.exclusive_tax)


def _working(line: ChargedLine, rules: LineRules) -> Working:
    reading = read_tax(line, kind=rules.kind, untaxed=rules.untaxed, rate=rules.rate)
    return Working(charged=line, reading=reading, discount=line.discount, tax=reading.amount)


def _settle_tax(working: Sequence[Working], purchase: Purchase) -> None:
    """Give the cents by which the taxes of the lines miss the invoice's own tax to the lines that carry most of it.

    Stripe may round the tax once per invoice; each line can then be off by less than one unit. More is no rounding.
    A negative line takes none: it stands on no document.
    """
    added = [row for row in working if row.tax and not row.reading.inclusive]
    taxed = [row for row in added if row.tax > 0]
    if purchase.exclusive_tax is None or not taxed:
        return
    missing = purchase.exclusive_tax - sum(row.tax for row in added)
    if not missing or abs(missing) > len(taxed):
        return
    for row, share in zip(taxed, allocation(missing, [row.tax for row in taxed]).shares, strict=True):
        row.tax += share
        if share:
            row.tax_rules.append(f"{SETTLED}: {share:+d}")
            row.rests.append(("tax", share, "invoice_tax"))


def _fold_negative(working: Sequence[Working]) -> list[Working]:
    kept = list(working)
    for row in [row for row in working if row.total < 0]:
        others = [other for other in kept if other.total > 0 and _alike(other, row)]
        if _spread(row, others):
            kept.remove(row)
    return kept


def _alike(one: Working, other: Working) -> bool:
    return (one.reading.tax_class, one.reading.inclusive) == (other.reading.tax_class, other.reading.inclusive)


def _spread(negative: Working, others: Sequence[Working]) -> bool:
    credit, tax = -negative.net, -negative.tax
    taxes = sum(row.tax for row in others)
    if negative.reading.inclusive:
        # A tax that the price contains is no part of the sum; it may round differently on each line.
        tax = min(tax, taxes)
    if credit < 0 or tax < 0 or credit > sum(row.net for row in others) or tax > taxes:
        return False
    shares = allocation(credit, [row.net for row in others])
    tax_shares = allocation(tax, [row.tax for row in others])
    credited = f"-{credit} {negative.charged.source} ({negative.charged.description})"
    for number, row in enumerate(others):
        share, tax_share = shares.shares[number], tax_shares.shares[number]
        row.discount += share
        row.tax -= tax_share
        row.discount_rules.append(f"{credited}: {share}")
        if number in shares.took:
            row.rests.append(("discount", 1, "credit"))
        if tax_share:
            row.tax_rules.append(f"{negative.charged.source}: -{tax_share}")
        if number in tax_shares.took:
            row.rests.append(("tax", -1, "credit"))
    return True


def _line(
    row: Working,
    currency: str,
    rules: LineRules,
    name: str,
    provenance: dict[str, Provenance],
    problems: list[Problem],
) -> Line:
    charged, reading = row.charged, row.reading
    description = _description(charged, rules, name, provenance, problems)
    code = clean(charged.code)[0]
    provenance[f"{name}.subtotal"] = Provenance(source=charged.source, raw=str(charged.subtotal))
    if row.discount or row.discount_rules:
        rule = "; ".join(row.discount_rules)
        provenance[f"{name}.discount"] = Provenance(source=charged.source, raw=str(charged.discount), rule=rule)
    provenance[f"{name}.tax"] = Provenance(
        source=reading.source, raw=str(reading.amount), rule="; ".join(row.tax_rules)
    )
    raw = charged.tax_class or ", ".join(tax.reason for tax in charged.taxes if tax.reason)
    provenance[f"{name}.tax_class"] = Provenance(source=reading.source, raw=raw, rule=reading.rule)
    problems += [Problem(f"{name}.tax_class", code_, message) for code_, message in reading.doubts]
    if row.total < 0:
        text = _("A negative line cannot be issued, and no other lines of its tax class can take it as a discount.")
        problems.append(Problem(name, "negative_line", text))
    return Line(
        description=description,
        quantity=charged.quantity,
        subtotal=to_decimal(charged.subtotal, currency),
        discount=to_decimal(row.discount, currency),
        tax=to_decimal(row.tax, currency),
        tax_inclusive=reading.inclusive,
        tax_rate=reading.rate,
        tax_class=reading.tax_class,
        unit="unit" if charged.goods else "service",
        code=code,
        unit_price=None if charged.unit_amount is None else charged.unit_amount.scaleb(-exponent(currency)),
    )


def _description(
    charged: ChargedLine,
    rules: LineRules,
    name: str,
    provenance: dict[str, Provenance],
    problems: list[Problem],
) -> str:
    source, raw = charged.description_source, charged.description
    text, rule = clean(raw)
    if not text and rules.default_description:
        source, raw = "issuer.default_description", rules.default_description
        text, rule = clean(raw)
    if not text:
        message = _("The line has no description, and the issuer has set no wording for such lines.")
        problems.append(Problem(f"{name}.description", "description_missing", message))
    provenance[f"{name}.description"] = Provenance(source=source, raw=raw, rule=rule)
    return text
