"""The figures of an invoice: computed again from its lines at every change while it is a draft."""

from collections.abc import Iterable
from typing import Any

from billing.sandbox.arithmetic import Item, Line, Tax, compute, net_of
from billing.sandbox.coupons import cuts_of, rates_of
from billing.sandbox.errors import Json
from billing.sandbox.store import Store

EXEMPT = {"exempt": "customer_exempt", "reverse": "reverse_charge"}


def lines_of(store: Store, invoice: Json) -> list[Json]:
    """The invoice's lines in their order."""
    return [store.past("line_item", line) for line in invoice["_lines"]]


def item_of(store: Store, row: Json) -> Item:
    """The arithmetic of a stored line."""
    cuts, rates = cuts_of(store, row["discounts"]), rates_of(store, row["_rates"])
    return Item(row["amount"], rates, cuts, row["discountable"], row["_product"] or "")


def recompute(store: Store, invoice: Json) -> None:
    """Write discounts and taxes on every line and the totals on the invoice."""
    rows = lines_of(store, invoice)
    for row in rows:
        row["_rates"] = row["_own_rates"] or invoice["_default_rates"]
    exempt = store.past("customer", invoice["customer"]).get("tax_exempt", "none")
    lines = compute(
        [item_of(store, row) for row in rows], cuts_of(store, invoice["discounts"]), exempt=exempt in EXEMPT
    )
    for row, line in zip(rows, lines, strict=True):
        row.update(line_figures(line, exempt))
        if item := store.find("invoiceitem", row["_item"]):
            item["net_amount"] = line.before_shared
    invoice.update(_totals(lines, exempt))
    refresh_due(invoice)


def line_figures(line: Line, exempt: str) -> Json:
    """The computed fields of one line."""
    taken = amounts_by_discount([line])
    return {
        "discount_amounts": taken,
        "pretax_credit_amounts": [{**entry, "type": "discount"} for entry in taken],
        "taxes": taxes_shown(line.taxes, exempt),
        "subtotal": line.item.amount,
    }


def amounts_by_discount(lines: Iterable[Line]) -> list[Json]:
    """How much each discount takes off these lines together."""
    total: dict[str, int] = {}
    for line in lines:
        for discount, amount in (*line.own.items(), *line.shared.items()):
            total[discount] = total.get(discount, 0) + amount
    return [{"amount": amount, "discount": discount} for discount, amount in total.items()]


def taxes_shown(taxes: Iterable[Tax], exempt: str) -> list[Json]:
    """The taxes as Stripe shows them, those of one rate added up."""
    shown: dict[str, Json] = {}
    for tax in taxes:
        entry = shown.setdefault(tax.rate.tax_rate, _tax_shown(tax, exempt))
        entry["amount"] += tax.amount
        entry["taxable_amount"] += tax.taxable
    return list(shown.values())


def _tax_shown(tax: Tax, exempt: str) -> dict[str, Any]:
    rated = "standard_rated" if tax.rate.percentage else "zero_rated"
    return {
        "amount": 0,
        "tax_behavior": "inclusive" if tax.rate.inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": tax.rate.tax_rate},
        "taxability_reason": EXEMPT.get(exempt, rated),
        "taxable_amount": 0,
        "type": "tax_rate_details",
    }


def _totals(lines: list[Line], exempt: str) -> Json:
    taxes = [tax for line in lines for tax in line.taxes]
    total = sum(line.total for line in lines)
    taken = amounts_by_discount(lines)
    return {
        "subtotal": sum(line.before_shared for line in lines),
        "subtotal_excluding_tax": sum(
            line.before_shared if exempt in EXEMPT else net_of(line.before_shared, line.item.rates) for line in lines
        ),
        "total": total,
        "total_excluding_tax": total - sum(tax.amount for tax in taxes),
        "total_discount_amounts": taken,
        "total_pretax_credit_amounts": [{**entry, "type": "discount"} for entry in taken],
        "total_taxes": taxes_shown(taxes, exempt),
    }


def refresh_due(invoice: Json) -> None:
    """What is owed: the total, less the buyer's credit and the credit notes given before payment."""
    owed = invoice["total"] + invoice["starting_balance"] - invoice["pre_payment_credit_notes_amount"]
    invoice["amount_due"] = max(0, owed)
    invoice["amount_remaining"] = max(0, invoice["amount_due"] - invoice["amount_paid"])
    invoice["amount_overpaid"] = max(0, invoice["amount_paid"] - invoice["amount_due"])
