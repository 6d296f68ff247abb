"""The figures of credit note lines: the share of an invoice line's amount, discounts and taxes that is given back."""

from collections.abc import Iterable
from decimal import Decimal

from billing.sandbox.arithmetic import net_of, rounded, taxes_on
from billing.sandbox.coupons import named_rates, rates_of
from billing.sandbox.errors import Json, refused
from billing.sandbox.params import Params
from billing.sandbox.resources.catalogue import unit_amount_of
from billing.sandbox.store import Store
from billing.sandbox.totals import taxes_shown

LINE = ("amount", "description", "invoice_line_item", "metadata", "quantity", "tax_rates", "type", "unit_amount")
KINDS = ("invoice_line_item", "custom_line_item")


def credited_line(store: Store, invoice: Json, entry: Params) -> Json:
    """The fields of one credit note line, computed from what `lines[]` asks for."""
    entry.refuse_others((*LINE, "unit_amount_decimal"))
    entry.needed("type")
    if entry.choice("type", KINDS, "") == "custom_line_item":
        return _custom(store, entry)
    line = store.named("line_item", entry.needed("invoice_line_item"), entry.name("invoice_line_item"))
    if line["id"] not in invoice["_lines"]:
        raise refused("The line is not one of the invoice's.", param=entry.name("invoice_line_item"))
    return _share(store, line, entry)


def whole_amount(amount: int) -> Json:
    """The one line of a credit note that only names a total."""
    return _figures("Credit", amount, [], [], custom=True) | {"unit_amount": amount, "unit_amount_decimal": str(amount)}


def _custom(store: Store, entry: Params) -> Json:
    rates = named_rates(store, entry)
    quantity = entry.integer("quantity") or 1
    unit = unit_amount_of(entry)
    amount = rounded(unit * quantity)
    taxes = taxes_shown(taxes_on(amount, rates_of(store, rates)), "none")
    fields = _figures(entry.needed("description"), amount, [], taxes, custom=True, rates=rates)
    whole = int(unit) if unit == unit.to_integral_value() else None
    return fields | {"quantity": quantity, "unit_amount": whole, "unit_amount_decimal": format(unit, "f")}


def _share(store: Store, line: Json, entry: Params) -> Json:
    quantity = entry.integer("quantity")
    amount = entry.integer("amount")
    if (quantity is None) == (amount is None):
        raise refused("You must pass either `quantity` or `amount` for an invoice line.", param=entry.name("quantity"))
    if amount is None:
        amount = rounded(Decimal(line["amount"]) * (quantity or 0) / Decimal(line["quantity_decimal"]))
    if not 0 < amount <= line["amount"] - line.get("_credited", 0):
        raise refused("The credit exceeds what is left of the invoice line.", param=entry.name("invoice_line_item"))

    def part(value: int) -> int:
        return rounded(Decimal(value) * amount / line["amount"])

    discounts = [row | {"amount": part(row["amount"])} for row in line["discount_amounts"]]
    taxes = [
        row | {"amount": part(row["amount"]), "taxable_amount": part(row["taxable_amount"])} for row in line["taxes"]
    ]
    fields = _figures(line["description"], amount, discounts, taxes, custom=False, rates=line["_rates"])
    own = sum(row["amount"] for row in discounts if row["discount"] in line["discounts"])
    return fields | {"invoice_line_item": line["id"], "quantity": quantity, "_own": own}


def _figures(
    description: str, amount: int, discounts: list[Json], taxes: list[Json], *, custom: bool, rates: Iterable[str] = ()
) -> Json:
    return {
        "amount": amount,
        "description": description,
        "discount_amount": sum(row["amount"] for row in discounts),
        "discount_amounts": discounts,
        "pretax_credit_amounts": [row | {"type": "discount"} for row in discounts],
        "taxes": taxes,
        "type": "custom_line_item" if custom else "invoice_line_item",
        "_rates": list(rates),
        "_own": 0,
    }


def credit_totals(store: Store, lines: list[Json]) -> Json:
    """The figures of the credit note."""
    taxes = _added_up([tax for line in lines for tax in line["taxes"]])
    discounts = _added_up([row for line in lines for row in line["discount_amounts"]])
    on_top = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    total = sum(line["amount"] - line["discount_amount"] for line in lines) + on_top
    before_shared = [line["amount"] - line["_own"] for line in lines]
    nets = [net_of(value, rates_of(store, line["_rates"])) for value, line in zip(before_shared, lines, strict=True)]
    return {
        "amount": total,
        "discount_amount": sum(row["amount"] for row in discounts),
        "discount_amounts": discounts,
        "pretax_credit_amounts": [row | {"type": "discount"} for row in discounts],
        "subtotal": sum(before_shared),
        "subtotal_excluding_tax": sum(nets),
        "total": total,
        "total_excluding_tax": total - sum(tax["amount"] for tax in taxes),
        "total_taxes": taxes,
    }


def _added_up(rows: list[Json]) -> list[Json]:
    """Rows of the same tax rate, or of the same discount, as one."""
    total: dict[str, Json] = {}
    for row in rows:
        key = row["discount"] if "discount" in row else row["tax_rate_details"]["tax_rate"]
        if key not in total:
            total[key] = dict(row)
            continue
        for name in {"amount", "taxable_amount"} & row.keys():
            total[key][name] += row[name]
    return list(total.values())
