"""What page and PDF print: lines in the price basis of the kind of document, and the breakdown above the total."""

from decimal import Decimal

from django.utils.translation import gettext as _

from smartbill.drafts import Draft
from smartbill.lifecycle import REGISTERED, Kind
from smartbill.providers.base import Printed, PrintedLine
from smartbill.providers.el_salvador.arithmetic import (
    EXEMPT,
    NOT_SUBJECT,
    STANDARD,
    UNTAXED,
    Calculation,
    PricedLine,
    Totals,
    round2,
)

ZERO = Decimal(0)


def printed_from(draft: Draft, calculation: Calculation, *, rate: Decimal) -> Printed:
    """Return the printed form of a calculated draft; amounts of zero are left out of the breakdown."""
    rows = _taxed(draft.kind, calculation.totals, rate)
    rows += [
        (_("Exempt sales"), calculation.totals.exempt),
        (_("Sales not subject to tax"), calculation.totals.not_subject),
        (_("Amounts outside the tax base"), calculation.totals.untaxed),
    ]
    return Printed(
        lines=[_line(line, draft.kind) for line in calculation.lines],
        totals=[(label, amount) for label, amount in rows if amount],
        rounding=calculation.rounding,
    )


def _taxed(kind: str, totals: Totals, rate: Decimal) -> list[tuple[str, Decimal]]:
    percent = {"rate": f"{(rate * 100).normalize():f}"}
    if kind == Kind.EXPORT:
        return [(_("Exports, taxed at zero"), totals.taxed)]
    if kind in REGISTERED:
        return [(_("Taxed sales, net"), totals.taxed), (_("IVA %(rate)s %%") % percent, totals.tax)]
    return [
        (_("Taxed sales, tax included"), totals.taxed),
        (_("of which IVA %(rate)s %%") % percent, totals.tax),
    ]


def _note(line: PricedLine, kind: str) -> str:
    """Say how a line is treated, in the terms of the authority's form; its texts ask for no other words."""
    if kind == Kind.EXPORT and line.tax_class == STANDARD:
        return _("Export, IVA at zero (C3)")
    return {
        EXEMPT: _("Exempt sale"),
        NOT_SUBJECT: _("Sale not subject to tax"),
        UNTAXED: _("Outside the tax base"),
    }.get(line.tax_class, "")


def _line(line: PricedLine, kind: str) -> PrintedLine:
    return PrintedLine(
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        amount=round2(line.amount),
        rest=line.rest,
        note=_note(line, kind),
    )
