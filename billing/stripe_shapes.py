"""Where Stripe keeps things: `stripe_shapes`, `stripe_purchases` and `stripe_facts` alone know the names of its fields.

Everywhere the shape of the pinned API version is read first and the one before 2025-03-31.basil second, so that an
object frozen or replayed from an older version still reads. Amounts stay integers of the smallest unit.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.purchases import ChargedLine, ChargedTax

Shape = Mapping[str, Any]
StripeId = tuple[str, str]
CODE_KEYS = ("code", "sku")


class UnreadableShape(ValueError):
    """A field without which nothing can be decided is missing or has another type than Stripe documents."""


def whole(value: Any, name: str) -> int:
    """Return an integer field, or raise UnreadableShape naming it."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise UnreadableShape(f"{name}: {value!r}")
    return value


def id_of(value: Any) -> str:
    """Return the id of a reference, expanded or not; empty when there is none."""
    if isinstance(value, dict):
        value = value.get("id")
    return value if isinstance(value, str) else ""


def dig(value: Any, *path: str) -> Any:
    """Follow keys through nested objects; None where one is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def rows(value: Any) -> list[Shape]:
    """Return the objects of a list, of Stripe's list object, or of nothing."""
    data = value.get("data") if isinstance(value, dict) else value
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list | tuple) else []


def instant(seconds: Any) -> datetime | None:
    """Return a time of Stripe (Unix seconds) as an aware time in UTC."""
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and seconds > 0 else None


# State and identity ---------------------------------------------------------------------------------------------------
def invoice_is_paid(invoice: Shape) -> bool:
    return invoice["status"] == "paid" if "status" in invoice else invoice.get("paid") is True


def invoice_is_void(invoice: Shape) -> bool:
    return invoice.get("status") == "void"


def session_is_settled(session: Shape) -> bool:
    """Whether the checkout sold something and nothing remains to be paid; `setup` only stores a card."""
    return session.get("mode") != "setup" and session.get("payment_status") in ("paid", "no_payment_required")


def awaits_invoice(session: Shape | None) -> bool:
    """Whether Stripe makes an invoice for this checkout after the payment, and has not made it yet."""
    return dig(session, "invoice_creation", "enabled") is True and not id_of(dig(session, "invoice"))


def live_payments(listed: Iterable[Shape]) -> list[Shape]:
    """Return the invoice payments that were not cancelled."""
    return [payment for payment in listed if payment.get("status") != "canceled"]


def ids_of_payment(payment: Shape) -> list[StripeId]:
    """Return the ids that one invoice payment carries, with its payment's kind."""
    kind = dig(payment, "payment", "type") or ""
    found = [("invoice_payment", id_of(payment)), (kind, id_of(dig(payment, "payment", kind)))]
    return [(name, value) for name, value in found if name and value]


def subscription_of(invoice: Shape) -> str:
    new = dig(invoice, "parent", "subscription_details", "subscription")
    return id_of(new) or id_of(invoice.get("subscription"))


def product_of(line: Shape) -> Any:
    """Return the product of a line of an invoice or of a checkout, as an id or expanded."""
    return (
        dig(line, "pricing", "price_details", "product")
        or dig(line, "price", "product")
        or dig(line, "plan", "product")
    )


def tax_rates_of(line: Shape) -> set[str]:
    """Return the ids of the tax rates of an invoice line."""
    return {tax.rate_id for tax in _invoice_taxes(line, {})} - {""}


# Lines ----------------------------------------------------------------------------------------------------------------
def _rate(rate_id: str, rates: Shape) -> Decimal | None:
    percentage = dig(rates.get(rate_id), "percentage")
    return None if percentage is None else Decimal(str(percentage))


def _invoice_taxes(line: Shape, rates: Shape) -> list[ChargedTax]:
    found = []
    for row in rows(line.get("taxes")):
        rate_id = id_of(dig(row, "tax_rate_details", "tax_rate"))
        found.append(_tax(row, inclusive=row.get("tax_behavior") == "inclusive", rate_id=rate_id, rates=rates))
    if not found:
        for row in rows(line.get("tax_amounts")):
            rate = row.get("tax_rate")
            known = {id_of(rate): rate} if isinstance(rate, Mapping) else rates
            found.append(_tax(row, inclusive=row.get("inclusive") is True, rate_id=id_of(rate), rates=known))
    return found


def _tax(row: Shape, *, inclusive: bool, rate_id: str, rates: Shape) -> ChargedTax:
    taxable = row.get("taxable_amount")
    return ChargedTax(
        amount=whole(row.get("amount"), "tax.amount"),
        inclusive=inclusive,
        reason=row.get("taxability_reason") or "",
        rate_id=rate_id,
        rate=_rate(rate_id, rates),
        taxable=taxable if isinstance(taxable, int) else None,
    )


def _item_taxes(item: Shape, *, amount: int, inclusive: bool) -> list[ChargedTax]:
    """Read the taxes of a checkout line or of shipping; without details one tax of the amount is all that is known."""
    found = []
    for row in rows(item.get("taxes")):
        rate = row.get("rate") or {}
        says = rate.get("inclusive") if isinstance(rate, Mapping) else None
        known = {id_of(rate): rate}
        found.append(_tax(row, inclusive=inclusive if says is None else says, rate_id=id_of(rate), rates=known))
    return found or ([ChargedTax(amount=amount, inclusive=inclusive)] if amount else [])


def _quantity(line: Shape, subtotal: int) -> Decimal:
    value = line.get("quantity_decimal")
    if value is None:
        value = line.get("quantity")
    quantity = Decimal(1) if value is None else Decimal(str(value))
    # A flat fee of a tiered price is charged for no unit at all.
    return Decimal(1) if subtotal and not quantity else quantity


def _unit_amount(line: Shape) -> Decimal | None:
    """Return the price of one in the smallest unit, which Stripe writes with up to 12 decimals."""
    for holder in (line.get("pricing"), line.get("price"), line):
        for name in ("unit_amount_decimal", "unit_amount"):
            value = dig(holder, name)
            if value is not None:
                return Decimal(str(value))
    return None


def _wording(line: Shape, product: Shape, source: str) -> tuple[str, str]:
    if line.get("description"):
        return line["description"], f"{source}.description"
    return (product.get("name") or "", f"product.{id_of(product)}.name") if product else ("", source)


def _stated_class(line: Shape, product: Shape, source: str) -> tuple[str, str]:
    places = ((line, source), (line.get("price"), f"{source}.price"), (product, f"product.{id_of(product)}"))
    for holder, name in places:
        stated = dig(holder, "metadata", "tax_class")
        if stated:
            return str(stated), f"{name}.metadata.tax_class"
    return "", ""


def _charged(line: Shape, content: Shape, source: str, **amounts: Any) -> ChargedLine:
    product = product_of(line)
    product = product if isinstance(product, Mapping) else (content.get("products") or {}).get(id_of(product)) or {}
    wording, wording_source = _wording(line, product, source)
    stated, stated_source = _stated_class(line, product, source)
    return ChargedLine(
        source=source,
        description=wording,
        description_source=wording_source,
        quantity=_quantity(line, amounts["subtotal"]),
        tax_class=stated,
        tax_class_source=stated_source,
        code=next((str(code) for key in CODE_KEYS if (code := dig(product, "metadata", key))), ""),
        goods=product.get("shippable") is True or product.get("type") == "good",
        unit_amount=_unit_amount(line),
        **amounts,
    )


def invoice_line(line: Shape, content: Shape) -> ChargedLine:
    """Read a line of an invoice. `amount` is quantity times price, before discounts and exclusive taxes."""
    return _charged(
        line,
        content,
        f"invoice.lines.{id_of(line)}",
        subtotal=whole(line.get("amount"), "line.amount"),
        discount=sum(whole(row.get("amount"), "discount.amount") for row in rows(line.get("discount_amounts"))),
        taxes=tuple(_invoice_taxes(line, content.get("tax_rates") or {})),
    )


def session_line(item: Shape, content: Shape) -> ChargedLine:
    """Read a line of a checkout. Its tax is contained in the subtotal where the total does not add it."""
    subtotal, discount = whole(item.get("amount_subtotal"), "amount_subtotal"), item.get("amount_discount") or 0
    tax, total = item.get("amount_tax") or 0, whole(item.get("amount_total"), "amount_total")
    taxes = _item_taxes(item, amount=tax, inclusive=total == subtotal - discount)
    source = f"checkout_session.line_items.{id_of(item)}"
    return _charged(item, content, source, subtotal=subtotal, discount=discount, taxes=tuple(taxes))


def shipping_line(owner: Shape, wording: str, rates: Shape | None = None) -> list[ChargedLine]:
    """Read the shipping cost of an invoice or a checkout as a line of its own; none when nothing was charged."""
    cost = owner.get("shipping_cost")
    if not cost or not cost.get("amount_total"):
        return []
    subtotal, tax = whole(cost.get("amount_subtotal"), "shipping_cost"), cost.get("amount_tax") or 0
    # On an invoice the taxes have the shape of invoice lines, on a checkout that of its items.
    details = any("tax_behavior" in row for row in rows(cost.get("taxes")))
    inclusive = cost["amount_total"] == subtotal
    taxes = _invoice_taxes(cost, rates or {}) if details else _item_taxes(cost, amount=tax, inclusive=inclusive)
    name = dig(cost, "shipping_rate", "display_name")
    source = f"{owner.get('object', 'invoice').replace('.', '_')}.shipping_cost"
    return [
        ChargedLine(
            source=source,
            description=name or wording,
            description_source=f"{source}.shipping_rate.display_name" if name else source,
            quantity=Decimal(1),
            subtotal=subtotal,
            taxes=tuple(taxes),
        )
    ]
