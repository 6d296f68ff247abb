"""A sale that a person enters: its frozen content, in the same terms as a snapshot of Stripe, and how it is read.

Everything after the reading (rules, lines, draft, document) is what every other sale goes through. Amounts are integers
of the smallest unit from here on, and the tax of each line is worked out once, at the rate in force when it was paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billing.money import exponent
from billing.purchases import ChargedLine, ChargedTax, Paid
from billing.taxes import standard_rate
from smartbill.models import Issuer

ORIGIN = "manual"
SCHEMA = 1
METHODS: Mapping[str, tuple[str, str]] = {
    "cash": ("cash", ""),
    "transfer": ("transfer", ""),
    "card_credit": ("card", "credit"),
    "card_debit": ("card", "debit"),
    "wallet": ("wallet", ""),
    "crypto": ("crypto", ""),
    "other": ("other", ""),
}
"""How it was paid, in the words of a document, and as Stripe would say it."""
TAX_CLASSES = ("standard", "exempt", "not_subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualLine:
    """One line as it was typed, in units of the currency. `inclusive`: the price contains the tax."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = Decimal(0)
    tax_class: str = "standard"
    inclusive: bool = True
    goods: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSale:
    """Everything that a person says about a sale without Stripe; `kind` is empty where the rules shall decide it."""

    lines: Sequence[ManualLine]
    paid_at: datetime
    method: str
    payment_reference: str = ""
    kind: str = ""
    customer_id: str = ""
    extras: Mapping[str, Any] = field(default_factory=dict)


def content_of(sale: ManualSale, *, key: str, issuer: Issuer) -> dict[str, Any]:
    """Return the content that is frozen for the sale with this business key."""
    rate = standard_rate(sale.paid_at.astimezone(issuer.zone).date())
    lines = [_line(line, rate, exponent(issuer.currency)) for line in sale.lines]
    return {
        "schema": SCHEMA,
        ORIGIN: {
            "id": key,
            "created": int(sale.paid_at.timestamp()),
            "currency": issuer.currency,
            "livemode": issuer.livemode,
            "customer": sale.customer_id or None,
            "document_kind": sale.kind,
            "lines": lines,
            "total": sum(line["subtotal"] - line["discount"] + line["added_tax"] for line in lines),
            "payment": {"method": sale.method, "reference": sale.payment_reference},
            "extras": dict(sale.extras),
        },
    }


def _line(line: ManualLine, rate: Decimal, decimals: int) -> dict[str, Any]:
    subtotal = _minor(line.quantity * line.unit_price, decimals)
    discount = _minor(line.discount, decimals)
    taxed = line.tax_class == "standard"
    net = subtotal - discount
    added = int((net * rate / 100).quantize(Decimal(1), ROUND_HALF_UP)) if taxed and not line.inclusive else 0
    return {
        "description": line.description,
        "quantity": f"{line.quantity:f}",
        "unit_price": f"{line.unit_price.scaleb(decimals):f}",
        "subtotal": subtotal,
        "discount": discount,
        "tax_class": line.tax_class,
        "inclusive": line.inclusive,
        "added_tax": added,
        "rate": f"{rate:f}" if taxed else "0",
        "goods": line.goods,
    }


def _minor(amount: Decimal, decimals: int) -> int:
    return int(amount.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))


def purchase_parts(manual: Mapping[str, Any], _content: Mapping[str, Any], _shipping: str) -> dict[str, Any]:
    """Read what was entered as the parts of a purchase, as `stripe_purchases` reads an invoice."""
    method, funding = METHODS[manual["payment"]["method"]]
    total = manual["total"]
    paid = Paid(
        reference=manual["payment"]["reference"],
        amount=total,
        method=method,
        funding=funding,
        source=f"{ORIGIN}.payment",
    )
    return {
        "total": total,
        "lines": tuple(_charged(line, number) for number, line in enumerate(manual["lines"])),
        "payments": (paid,),
    }


def _charged(line: Mapping[str, Any], number: int) -> ChargedLine:
    source = f"{ORIGIN}.lines.{number}"
    net, rate = line["subtotal"] - line["discount"], Decimal(line["rate"])
    taxed = line["tax_class"] == "standard"
    # A price that contains its tax says so by its class: then an export, which carries none, keeps its price.
    taxes = () if not taxed or line["inclusive"] else (_tax(line["added_tax"], net, rate),)
    return ChargedLine(
        source=source,
        description=line["description"],
        description_source=f"{source}.description",
        quantity=Decimal(line["quantity"]),
        subtotal=line["subtotal"],
        discount=line["discount"],
        taxes=taxes,
        tax_class="" if taxes else line["tax_class"],
        tax_class_source=f"{source}.tax_class",
        goods=line["goods"],
        unit_amount=Decimal(line["unit_price"]),
    )


def _tax(amount: int, net: int, rate: Decimal) -> ChargedTax:
    return ChargedTax(amount=amount, inclusive=False, reason="standard_rated", rate=rate, taxable=net)
