"""The tax class of a line, read from what Stripe charged and what the seller stated; never guessed.

| what is known | class |
|---|---|
| a tax was charged, at the standard rate in force on the day | standard |
| a tax was charged at another rate, or several, or for an unclear reason | standard or unknown, and held |
| no tax, metadata `tax_class` of the line, price or product | what it says |
| no tax, reason product_exempt, product_exempt_holiday, customer_exempt | exempt |
| no tax, reason not_subject_to_tax | not_subject |
| no tax, any other reason (zero_rated, reverse_charge, reduced_rated …) | unknown, and held |
| nothing at all, or Stripe says that it does not compute the tax | the issuer's setting for untaxed lines |

An export carries no tax; whatever was charged holds it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.purchases import ChargedLine, ChargedTax
from smartbill.lifecycle import Kind
from smartbill.models import Issuer

_RATES = json.loads((Path(__file__).parent / "data" / "el_salvador_tax.json").read_text("utf-8"))["iva_percent"]
FIRST_DAY = min(date.fromisoformat(row["from"]) for row in _RATES)
"""The first day of which the rate is known."""
STATED = {
    "standard": "standard",
    "gravada": "standard",
    "exempt": "exempt",
    "exenta": "exempt",
    "not_subject": "not_subject",
    "no_sujeta": "not_subject",
}
REASONS = {
    "product_exempt": "exempt",
    "product_exempt_holiday": "exempt",
    "customer_exempt": "exempt",
    "not_subject_to_tax": "not_subject",
}
ORDINARY = ("", "standard_rated", "not_available")
NOT_COMPUTED = ("", "not_available", "not_collecting", "not_supported")
CONTAINED = gettext_noop("nothing was added to the price, so it contains the tax")
ISSUER_SAYS_CONTAINED = gettext_noop("the issuer states that prices without tax information contain the tax")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxReading:
    """What is known about the tax of a line. `doubts` are pairs of code and sentence; any of them holds it."""

    tax_class: str
    amount: int = 0
    inclusive: bool = True
    rate: Decimal | None = None
    source: str = ""
    rule: str = ""
    doubts: Sequence[tuple[str, str]] = ()


def standard_rate(on: date) -> Decimal:
    """Return the percentage of IVA in force on a day."""
    return next(Decimal(row["rate"]) for row in reversed(_RATES) if date.fromisoformat(row["from"]) <= on)


def contained(gross: int, rate: Decimal) -> int:
    """Return the tax that a gross amount contains, rounded half up."""
    return int((gross * rate / (100 + rate)).quantize(Decimal(1), ROUND_HALF_UP))


def read_tax(line: ChargedLine, *, kind: str, untaxed: str, rate: Decimal) -> TaxReading:
    """Return the tax class of a line; `untaxed` is the issuer's setting, `rate` the law's percentage of the day."""
    charged = [tax for tax in line.taxes if tax.amount]
    if kind == Kind.EXPORT:
        return _export(line, charged)
    if charged:
        return _charged(line, charged, rate)
    if line.tax_class:
        return _stated(line, rate)
    reasons = {tax.reason for tax in line.taxes}
    classes = {REASONS.get(reason, "") for reason in reasons}
    if len(classes) == 1 and classes != {""}:
        return TaxReading(tax_class=classes.pop(), rate=Decimal(0), source=line.source, rule=", ".join(sorted(reasons)))
    if line.net == 0 or _too_small(line, rate):
        return TaxReading(tax_class="standard", rate=rate, source=line.source)
    if reasons <= set(NOT_COMPUTED) and not any(tax.rate == 0 for tax in line.taxes):
        return _untaxed(line, untaxed, rate)
    message = _("The tax treatment of this line is not known (Stripe says: %(reasons)s).")
    return _unknown(line, "tax_treatment_unclear", message % {"reasons": ", ".join(sorted(reasons)) or "0 %"})


def _amounts(taxes: Sequence[ChargedTax]) -> tuple[int, bool]:
    """Return the tax and whether the price contains it. Of a mixture the added part counts, which keeps the total."""
    added = [tax for tax in taxes if not tax.inclusive]
    return sum(tax.amount for tax in added or taxes), not added


def _export(line: ChargedLine, charged: Sequence[ChargedTax]) -> TaxReading:
    amount, inclusive = _amounts(charged)
    doubts = [("tax_on_export", _("A tax was charged although the buyer is abroad."))] if charged else []
    return TaxReading(
        tax_class="standard", amount=amount, inclusive=inclusive, rate=Decimal(0), source=line.source, doubts=doubts
    )


def _charged(line: ChargedLine, charged: Sequence[ChargedTax], rate: Decimal) -> TaxReading:
    amount, inclusive = _amounts(charged)
    return TaxReading(
        tax_class="standard",
        amount=amount,
        inclusive=inclusive,
        rate=rate,
        source=f"{line.source}.taxes",
        doubts=_doubts(line, charged, rate),
    )


def _doubts(line: ChargedLine, charged: Sequence[ChargedTax], rate: Decimal) -> list[tuple[str, str]]:
    found = []
    if len(charged) > 1:
        found.append(("several_taxes", _("Several taxes were charged on this line.")))
    elif not _is_at(charged[0], line, rate):
        shown = {"rate": _shown_rate(charged[0], line), "standard": rate.normalize()}
        found.append(("rate_not_standard", _("The tax is %(rate)s %%, not %(standard)s %%.") % shown))
    unclear = {tax.reason for tax in charged} - set(ORDINARY)
    if unclear:
        message = _("The tax treatment of this line is not known (Stripe says: %(reasons)s).")
        found.append(("tax_treatment_unclear", message % {"reasons": ", ".join(sorted(unclear))}))
    if line.tax_class and STATED.get(line.tax_class.lower()) != "standard":
        message = _("A tax was charged on a line that is stated as “%(stated)s”.")
        found.append(("class_contradicts_tax", message % {"stated": line.tax_class}))
    return found


def _bases(tax: ChargedTax, line: ChargedLine) -> list[int]:
    own = line.net - tax.amount if tax.inclusive else line.net
    return [own] if tax.taxable is None else [own, tax.taxable]


def _is_at(tax: ChargedTax, line: ChargedLine, rate: Decimal) -> bool:
    """Whether a tax is of this rate: by its tax rate, else because no other whole rounding gives the amount."""
    if tax.rate is not None:
        return tax.rate == rate
    return any(abs(tax.amount * 100 - base * rate) < 100 for base in _bases(tax, line))


def _shown_rate(tax: ChargedTax, line: ChargedLine) -> Decimal:
    if tax.rate is not None:
        return tax.rate.normalize()
    base = next((base for base in _bases(tax, line) if base), 1)
    return (Decimal(tax.amount * 100) / base).quantize(Decimal("0.01"))


def _too_small(line: ChargedLine, rate: Decimal) -> bool:
    """A tax rate of the standard percentage that rounds to nothing on this amount."""
    return any(tax.rate == rate for tax in line.taxes) and abs(line.net) * rate < 100


def _stated(line: ChargedLine, rate: Decimal) -> TaxReading:
    tax_class = STATED.get(line.tax_class.strip().lower())
    if tax_class is None:
        message = _("The tax class “%(stated)s” is not known; use standard, exempt or not_subject.")
        return _unknown(line, "tax_class_unknown", message % {"stated": line.tax_class})
    if tax_class != "standard":
        return TaxReading(tax_class=tax_class, rate=Decimal(0), source=line.tax_class_source)
    tax = contained(line.net, rate)
    return TaxReading(tax_class="standard", amount=tax, rate=rate, source=line.tax_class_source, rule=CONTAINED)


def _untaxed(line: ChargedLine, untaxed: str, rate: Decimal) -> TaxReading:
    if untaxed != Issuer.Untaxed.INCLUDED:
        message = _("Stripe gives no tax for this line, and the issuer has not stated what such lines mean.")
        return _unknown(line, "tax_missing", message)
    tax = contained(line.net, rate)
    source = "issuer.untaxed_lines"
    return TaxReading(tax_class="standard", amount=tax, rate=rate, source=source, rule=ISSUER_SAYS_CONTAINED)


def _unknown(line: ChargedLine, code: str, message: str) -> TaxReading:
    return TaxReading(tax_class="unknown", source=line.source, doubts=[(code, message)])
