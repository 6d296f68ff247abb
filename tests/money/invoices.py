"""Paid Stripe invoices and checkouts as shops have them, one per number: the same number gives the same invoice.

The figures are Stripe's own arithmetic as its stand-in computes it (`billing.sandbox.arithmetic`), so nothing here
knows how this product reads them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from billing.sandbox.arithmetic import Cut, Item, Line, Rate, compute, rounded
from tests.billing import shapes

Json = dict[str, Any]

INCLUSIVE, EXCLUSIVE = Rate("txr_in", Decimal(13), inclusive=True), Rate("txr_ex", Decimal(13), inclusive=False)
ZERO_RATE = Rate("txr_zero", Decimal(0), inclusive=False)
FOREIGN, TOURISM = Rate("txr_16", Decimal(16), inclusive=False), Rate("txr_tourism", Decimal(5), inclusive=False)
RATES = {rate.tax_rate: {"id": rate.tax_rate, "percentage": str(rate.percentage)} for rate in
         (INCLUSIVE, EXCLUSIVE, ZERO_RATE, FOREIGN, TOURISM)}  # fmt: skip
WORDS = (
    "Plan Pro",
    "Asiento adicional",
    "Llamadas a la API",
    "Soporte",
    "Consultoría ñ",
    "Licencia “A&B”",
    "Almacén GB",
)
COMPANY = {
    "legal_name": "Ferretería Ñandú, S.A. de C.V.",
    "sv_nit": "0614-000000-002-6",
    "sv_nrc": "123456-7",
    "sv_activity_code": "62010",
    "sv_activity": "Programación informática",
    "sv_department": "06",
    "sv_municipality": "23",
    "sv_district": "14",
}
HOME = {"country": "SV", "line1": "Calle Arce 100", "city": "San Salvador"}
ABROAD = {"country": "US", "line1": "1 Test Street", "city": "Miami", "state": "FL", "postal_code": "33101"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """What the shop did: the snapshot, what the customer was charged in the smallest unit, and what was special."""

    content: Json
    total: int
    currency: str
    kind: str
    marks: frozenset[str]


@dataclass(slots=True)
class _Row:
    """A line before its arithmetic."""

    item: Item
    quantity: Decimal
    unit_amount: Decimal | None
    reason: str = ""
    tax_class: str = ""
    proration: bool = False


def charged(number: int, *, currency: str = "usd") -> Charged:
    """Return the invoice of this number."""
    return _Shop(Random(number), currency).sell()


class _Shop:
    def __init__(self, dice: Random, currency: str) -> None:
        self.dice, self.currency = dice, currency
        self.kind = dice.choices(["factura", "ccf", "export"], [5, 4, 2])[0]
        self.side = dice.choices(["inclusive", "exclusive", "mixed"], [5, 4, 2])[0]
        self.marks: set[str] = {self.kind, self.side}

    def sell(self) -> Charged:
        if self.dice.random() < 0.06:
            return self._bare_payment()
        rows = [self._row() for _n in range(self._number_of_lines())]
        if self.dice.random() < 0.3:
            rows += self._proration()
        lines = compute([row.item for row in rows], self._coupons(rows))
        if self.dice.random() < 0.15:
            return self._checkout(rows, lines)
        return self._invoice(rows, lines)

    # Lines ------------------------------------------------------------------------------------------------------------
    def _number_of_lines(self) -> int:
        return self.dice.choices([1, 2, 3, self.dice.randint(4, 12), self.dice.randint(20, 60)], [40, 20, 15, 22, 3])[0]

    def _row(self) -> _Row:
        quantity, unit_amount = self._price()
        amount = rounded(quantity * unit_amount)
        rates, reason, tax_class = self._tax()
        cuts = self._own_discount(amount)
        return _Row(Item(amount, rates, cuts), quantity, unit_amount, reason, tax_class)

    def _price(self) -> tuple[Decimal, Decimal]:
        """Seats at whole cents, usage at fractions of a cent, hours and weights with decimals."""
        how = self.dice.choices(["seats", "usage", "measured", "free"], [70, 14, 13, 3])[0]
        self.marks.add(how)
        if how == "seats":
            return Decimal(self.dice.choice([1, 1, 1, 2, 3, 5, 7, 12, 100])), Decimal(self.dice.randint(1, 60_000))
        if how == "usage":
            price = Decimal(self.dice.randint(1, 10**12)).scaleb(-12) * self.dice.choice([1, 10])
            return Decimal(self.dice.randint(1, 2_000_000)), price
        if how == "measured":
            places = self.dice.randint(1, 8)
            return Decimal(self.dice.randint(1, 10 ** (places + 2))).scaleb(-places), Decimal(
                self.dice.randint(1, 9_000)
            )
        return Decimal(self.dice.randint(1, 9)), Decimal(0)

    def _tax(self) -> tuple[tuple[Rate, ...], str, str]:
        """Rates of a line, Stripe's reason and the seller's own word; one in forty is not ours to issue."""
        if self.kind == "export":
            return (), self.dice.choice(["", "not_collecting"]), ""
        odd = self.dice.random()
        if odd < 0.006:
            self.marks.add("foreign_rate")
            return (FOREIGN,), "", ""
        if odd < 0.012:
            self.marks.add("two_rates_on_a_line")
            return (EXCLUSIVE, TOURISM), "", ""
        if odd < 0.018:
            self.marks.add("zero_rated")
            return (ZERO_RATE,), "zero_rated", ""
        if odd < 0.10:
            self.marks.add("exempt")
            return (ZERO_RATE,), "product_exempt", ""
        if odd < 0.16:
            self.marks.add("not_subject")
            return (), "", self.dice.choice(["no_sujeta", "exenta"])
        return (self._rate(),), "", ""

    def _rate(self) -> Rate:
        side = self.dice.choice(["inclusive", "exclusive"]) if self.side == "mixed" else self.side
        return INCLUSIVE if side == "inclusive" else EXCLUSIVE

    def _own_discount(self, amount: int) -> tuple[Cut, ...]:
        if amount <= 0 or self.dice.random() > 0.12:
            return ()
        self.marks.add("line_discount")
        return (self._cut("di_line", amount),)

    def _cut(self, name: str, amount: int) -> Cut:
        if self.dice.random() < 0.5:
            return Cut(name, percent=Decimal(self.dice.randint(1, 10_000)).scaleb(-2))
        return Cut(name, amount=self.dice.randint(1, max(1, amount)))

    def _coupons(self, rows: Sequence[_Row]) -> list[Cut]:
        if self.dice.random() > 0.22:
            return []
        self.marks.add("invoice_discount")
        whole = sum(max(0, row.item.amount) for row in rows)
        return [self._cut(f"di_{n}", whole // 2) for n in range(self.dice.choice([1, 1, 2]))]

    def _proration(self) -> list[_Row]:
        """A change of plan in the middle of a month: the rest of the old one back, the rest of the new one added."""
        self.marks.add("proration")
        rates = () if self.kind == "export" else (self._rate(),)
        left = Decimal(self.dice.randint(1, 2_678_400)) / 2_678_400
        old, new = self.dice.randint(100, 20_000), self.dice.randint(100, 60_000)
        return [
            _Row(Item(amount, rates, discountable=False), Decimal(1), None, proration=True)
            for amount in (-rounded(old * left), rounded(new * left))
        ]

    # Objects ----------------------------------------------------------------------------------------------------------
    def _invoice(self, rows: Sequence[_Row], lines: Sequence[Line]) -> Charged:
        written = [self._invoice_line(row, line) for row, line in zip(rows, lines, strict=True)]
        added = [tax for line in lines for tax in line.taxes if not tax.rate.inclusive]
        tax = sum(entry.amount for entry in added)
        if added and self.dice.random() < 0.35:
            # An account may be set to round the tax once per invoice instead of once per line.
            self.marks.add("tax_rounded_once")
            rates = {entry.rate for entry in added}
            tax = sum(
                rounded(sum(entry.taxable for entry in added if entry.rate == rate) * rate.percentage / 100)
                for rate in rates
            )
        shipping = self._shipping()
        total = sum(line.after_discounts for line in lines) + tax
        if shipping:
            total += shipping["amount_total"]
            tax += shipping["amount_total"] - shipping["amount_subtotal"]
        paid = self._payments(total)
        invoice = shapes.invoice(
            written,
            total=total,
            currency=self.currency,
            customer=self._customer(),
            customer_address=self._address(),
            shipping_cost=shipping,
            total_taxes=[shapes.tax(tax, tax_rate_details={"tax_rate": "txr_ex"})] if added or shipping else [],
            payments={"object": "list", "data": paid, "has_more": False},
        )
        content = shapes.of_invoice(invoice, lines=written, tax_rates=RATES)
        return self._charged(content, total)

    def _invoice_line(self, row: _Row, line: Line) -> Json:
        taken = [{"amount": a, "discount": d} for d, a in (*line.own.items(), *line.shared.items())]
        pricing = {"price_details": {"price": "price_1", "product": "prod_1"}, "type": "price_details"}
        if row.unit_amount is not None:
            pricing["unit_amount_decimal"] = format(row.unit_amount.normalize(), "f")
        taxes = [
            shapes.tax(
                tax.amount,
                taxable=tax.taxable,
                inclusive=tax.rate.inclusive,
                tax_rate_details={"tax_rate": tax.rate.tax_rate},
                taxability_reason=row.reason or "standard_rated",
            )
            for tax in line.taxes
        ]
        if not taxes and row.reason:
            taxes = [shapes.tax(0, taxability_reason=row.reason, tax_rate_details=None)]
        return shapes.line(
            row.item.amount,
            taxes=taxes,
            currency=self.currency,
            description=self.dice.choice(WORDS),
            discount_amounts=taken,
            metadata={"tax_class": row.tax_class} if row.tax_class else {},
            parent={"type": "subscription_item_details", "subscription_item_details": {"proration": row.proration}},
            pricing=pricing,
            quantity=int(row.quantity),
            quantity_decimal=format(row.quantity.normalize(), "f"),
        )

    def _checkout(self, rows: Sequence[_Row], lines: Sequence[Line]) -> Charged:
        self.marks.add("checkout")
        items = [self._checkout_line(row, line) for row, line in zip(rows, lines, strict=True)]
        shipping = self._shipping(of_checkout=True)
        total = sum(line.total for line in lines) + (shipping["amount_total"] if shipping else 0)
        details = {"name": "Example Inc.", "email": "buyer@example.com", "address": self._address(), "tax_ids": []}
        session = shapes.session(
            total,
            currency=self.currency,
            customer_details=details,
            metadata=COMPANY if self.kind == "ccf" else {},
            payment_intent="pi_1" if total > 0 else None,
            payment_status="paid" if total > 0 else "no_payment_required",
            shipping_cost=shipping,
        )
        return self._charged(shapes.of_session(session, items), total)

    def _checkout_line(self, row: _Row, line: Line) -> Json:
        price = {"id": "price_1", "metadata": {}, "product": {"id": "prod_1", "name": "Plan Pro", "metadata": {}}}
        if row.unit_amount is not None:
            price["unit_amount_decimal"] = format(row.unit_amount.normalize(), "f")
        if row.tax_class:
            price["metadata"] = {"tax_class": row.tax_class}
        taxes = [
            {
                "amount": tax.amount,
                "rate": {**RATES[tax.rate.tax_rate], "inclusive": tax.rate.inclusive},
                "taxability_reason": row.reason or "standard_rated",
                "taxable_amount": tax.taxable,
            }
            for tax in line.taxes
        ]
        return shapes.item(
            row.item.amount,
            amount_discount=row.item.amount - line.after_discounts,
            amount_tax=sum(tax.amount for tax in line.taxes),
            amount_total=line.total,
            description=self.dice.choice(WORDS),
            price=price,
            quantity=int(row.quantity) or 1,
            taxes=taxes,
        )

    def _bare_payment(self) -> Charged:
        self.marks |= {"bare_payment", "seats"}
        amount = self.dice.randint(1, 9_000_00)
        found = shapes.intent(amount, currency=self.currency, description="Pago por consultoría", customer=None)
        found["metadata"] = {"tax_class": "standard"} | (COMPANY if self.kind == "ccf" else {})
        found["latest_charge"]["billing_details"]["address"] = self._address()
        found["latest_charge"]["billing_details"] |= {"name": "Ana López", "email": "ana@example.com"}
        return self._charged(shapes.of_intent(found), amount)

    # What surrounds the lines -----------------------------------------------------------------------------------------
    def _shipping(self, *, of_checkout: bool = False) -> Json | None:
        if self.dice.random() > 0.1:
            return None
        self.marks.add("shipping")
        rates = () if self.kind == "export" else (self._rate(),)
        (line,) = compute([Item(self.dice.randint(1, 5_000), rates)])
        if of_checkout:
            taxes = [
                {"amount": tax.amount, "rate": {**RATES[tax.rate.tax_rate], "inclusive": tax.rate.inclusive}}
                for tax in line.taxes
            ]
        else:
            taxes = [
                shapes.tax(
                    tax.amount,
                    taxable=tax.taxable,
                    inclusive=tax.rate.inclusive,
                    tax_rate_details={"tax_rate": tax.rate.tax_rate},
                )
                for tax in line.taxes
            ]
        return {
            "amount_subtotal": line.item.amount,
            "amount_tax": sum(tax.amount for tax in line.taxes),
            "amount_total": line.total,
            "shipping_rate": {"id": "shr_1", "display_name": "Envío a domicilio"},
            "taxes": taxes,
        }

    def _payments(self, total: int) -> list[Json]:
        if total <= 0:
            return []
        if total > 10 and self.dice.random() < 0.05:
            self.marks.add("two_payments")
            first = self.dice.randint(1, total - 1)
            return [shapes.payment(first), shapes.payment(total - first, reference="pi_2")]
        return [shapes.payment(total)]

    def _customer(self) -> Json:
        return shapes.customer(
            name="Ana López",
            metadata={"sv_dui": "00000000-0"} | (COMPANY if self.kind == "ccf" else {}),
            address=self._address(),
        )

    def _address(self) -> Json:
        return ABROAD if self.kind == "export" else HOME

    def _charged(self, content: Json, total: int) -> Charged:
        return Charged(
            content=content, total=total, currency=self.currency, kind=self.kind, marks=frozenset(self.marks)
        )
