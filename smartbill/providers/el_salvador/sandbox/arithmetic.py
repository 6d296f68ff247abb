"""The tax authority's arithmetic, written from its rules and not from our own payload, so that mistakes show.

Body fields carry 8 decimals and summary fields 2, both rounded half up (Manual Funcional V2.0 p. 52-54).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from smartbill.providers.el_salvador.sandbox.order import CCF, CREDIT_NOTE, FACTURA, FEX, Item

IVA = Decimal("0.13")
ZERO = Decimal(0)
TOLERANCE = Decimal("0.01")
_CENT = Decimal("0.01")
_BODY = Decimal("0.00000001")


def round2(value: Decimal) -> Decimal:
    """Round a summary field."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def round8(value: Decimal) -> Decimal:
    """Round a body field."""
    return value.quantize(_BODY, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAmounts:
    """The amounts of one line; exactly one of the first four is not zero."""

    gravada: Decimal = ZERO
    exenta: Decimal = ZERO
    no_sujeta: Decimal = ZERO
    no_gravado: Decimal = ZERO
    discount: Decimal = ZERO
    iva: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The summary of a document, 2 decimals each."""

    gravada: Decimal
    exenta: Decimal
    no_sujeta: Decimal
    no_gravado: Decimal
    discounts: Decimal
    sales: Decimal
    iva: Decimal
    operation: Decimal
    to_pay: Decimal


def line_amounts(kind: str, item: Item) -> LineAmounts:
    """Compute one line: quantity times price less discount, in the one column of its class."""
    if item.tax_class == "no_gravada":
        return LineAmounts(no_gravado=round8(item.unit_price))
    amount = round8(item.quantity * item.unit_price - item.discount)
    if item.tax_class == "exenta":
        return LineAmounts(exenta=amount, discount=item.discount)
    if item.tax_class == "no_sujeta":
        return LineAmounts(no_sujeta=amount, discount=item.discount)
    iva = round8(amount * IVA / (1 + IVA)) if kind == FACTURA else ZERO
    return LineAmounts(gravada=amount, discount=item.discount, iva=iva)


def total(kind: str, lines: Sequence[LineAmounts], *, insurance: Decimal = ZERO, freight: Decimal = ZERO) -> Totals:
    """Sum the lines by the rules of this kind of document; a credit never makes the total negative."""
    gravada = round2(sum((line.gravada for line in lines), ZERO))
    exenta = round2(sum((line.exenta for line in lines), ZERO))
    no_sujeta = round2(sum((line.no_sujeta for line in lines), ZERO))
    no_gravado = round2(sum((line.no_gravado for line in lines), ZERO))
    sales = gravada + exenta + no_sujeta
    iva = _iva(kind, gravada, lines)
    operation = sales + (iva if kind in (CCF, CREDIT_NOTE) else ZERO)
    if kind == FEX:
        operation += round2(insurance) + round2(freight)
    return Totals(
        gravada=gravada,
        exenta=exenta,
        no_sujeta=no_sujeta,
        no_gravado=no_gravado,
        discounts=round2(sum((line.discount for line in lines), ZERO)),
        sales=sales,
        iva=iva,
        operation=operation,
        to_pay=max(operation + no_gravado, round2(ZERO)),
    )


def _iva(kind: str, gravada: Decimal, lines: Sequence[LineAmounts]) -> Decimal:
    if kind == FACTURA:
        return round2(sum((line.iva for line in lines), ZERO))
    if kind in (CCF, CREDIT_NOTE):
        return round2(gravada * IVA)
    return round2(ZERO)
