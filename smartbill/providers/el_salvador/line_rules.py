"""What a line must be before it can be priced: a text, a positive quantity, a known tax class and no foreign tax."""

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from smartbill.drafts import Draft, Line
from smartbill.errors import Problem
from smartbill.lifecycle import Kind
from smartbill.providers.el_salvador.arithmetic import EXEMPT, NOT_SUBJECT, STANDARD
from smartbill.providers.el_salvador.contract import Contract
from smartbill.providers.el_salvador.extra_rules import customs_are_set, customs_of
from smartbill.providers.el_salvador.text_rules import clean, text_problems

LARGEST = Decimal(10) ** 11
# A line's tax as charged may carry a rounded cent and one more that was allotted to it.
TAX_TOLERANCE = Decimal("0.02")


def line_problems(draft: Draft, contract: Contract, rate: Decimal) -> Iterator[Problem]:
    """Yield what is wrong with the lines of a draft."""
    most = contract["limit.products"]
    if not draft.lines:
        yield Problem("lines", "no_lines", _("A document has at least one line."))
    elif len(draft.lines) > most:
        text = _("It has %(count)d lines, and a document has at most %(most)d: have the equal ones joined.")
        yield Problem("lines", "too_many_lines", text % {"count": len(draft.lines), "most": most})
    customs = customs_are_set(customs_of(draft, contract))
    for number, line in enumerate(draft.lines):
        yield from _one(draft.kind, line, number, contract, rate, customs=customs)


def _one(kind: str, line: Line, number: int, contract: Contract, rate: Decimal, *, customs: bool) -> Iterator[Problem]:
    field, n = f"lines[{number}]", {"n": number + 1}
    label = _("description of line %(n)d") % n
    yield from text_problems(f"{field}.description", label, line.description, 1, contract["limit.description"])
    if clean(line.code):
        yield from text_problems(f"{field}.code", _("code of line %(n)d") % n, line.code, 1, contract["limit.code"])
    if line.unit not in contract["codes.unit"]:
        yield Problem(f"{field}.unit", "unknown_unit", _("Say whether line %(n)d is a service or a good.") % n)
    if not all(_sane(value) for value in (line.quantity, line.subtotal, line.discount, line.tax)):
        yield Problem(field, "not_a_number", _("Line %(n)d holds an impossible amount.") % n)
        return
    yield from _quantity(line, field, n, contract["limit.decimals"])
    if line.discount < 0 <= line.subtotal:
        yield Problem(
            f"{field}.discount", "negative_discount", _("The discount of line %(n)d must not be negative.") % n
        )
    yield from _tax(kind, line, field, n, rate)
    if kind == Kind.EXPORT and line.unit == "unit" and not customs:
        yield Problem(
            f"{field}.unit",
            "customs_missing",
            _("Line %(n)d exports goods, for which customs data are needed that are not set up; mark it as a service.")
            % n,
        )


def _quantity(line: Line, field: str, n: dict[str, int], decimals: int) -> Iterator[Problem]:
    if line.quantity <= 0:
        yield Problem(f"{field}.quantity", "quantity", _("The quantity of line %(n)d must be above zero.") % n)
    elif line.quantity != round(line.quantity, decimals):
        yield Problem(
            f"{field}.quantity",
            "decimals",
            _("The quantity of line %(n)d has more than %(decimals)d decimals: round it.")
            % {**n, "decimals": decimals},
        )


def _tax(kind: str, line: Line, field: str, n: dict[str, int], rate: Decimal) -> Iterator[Problem]:
    if line.tax_class not in {STANDARD, EXEMPT, NOT_SUBJECT}:
        yield Problem(
            f"{field}.tax_class",
            "unknown_tax_class",
            _("Say whether line %(n)d is taxed, exempt or not subject to tax.") % n,
        )
    elif kind == Kind.EXPORT and line.tax:
        yield Problem(
            f"{field}.tax",
            "tax_on_export",
            _("Line %(n)d carries tax of %(tax)s, but an export has none: choose a factura or correct the line.")
            % {**n, "tax": line.tax},
        )
    elif line.tax_class != STANDARD and line.tax:
        yield Problem(
            f"{field}.tax",
            "tax_on_untaxed_line",
            _("Line %(n)d is not taxed but carries tax of %(tax)s: correct its tax class.") % {**n, "tax": line.tax},
        )
    elif line.tax and abs(line.tax - _expected_tax(line, rate)) > TAX_TOLERANCE:
        yield Problem(
            f"{field}.tax",
            "other_tax",
            _("Line %(n)d carries tax of %(tax)s where IVA is %(expected)s: only IVA can be issued. Correct the line.")
            % {**n, "tax": line.tax, "expected": round(_expected_tax(line, rate), 2)},
        )


def _expected_tax(line: Line, rate: Decimal) -> Decimal:
    net = line.subtotal - line.discount
    return net - net / (1 + rate) if line.tax_inclusive else net * rate


def _sane(value: Decimal) -> bool:
    return value.is_finite() and abs(value) < LARGEST
