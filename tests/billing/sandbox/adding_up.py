"""What must hold of every invoice, whatever is on it."""


def assert_adds_up(invoice, lines):
    """Lines, discounts, taxes and payments of an invoice make up its totals, to the unit."""
    discounts = [row for line in lines for row in line["discount_amounts"]]
    taxes = [tax for line in lines for tax in line["taxes"]]
    on_top = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "exclusive")
    own = sum(
        row["amount"] for line in lines for row in line["discount_amounts"] if row["discount"] in line["discounts"]
    )
    everything = [line["amount"] for line in lines]
    assert invoice["subtotal"] == sum(everything) - own
    assert invoice["total"] == sum(everything) - sum(row["amount"] for row in discounts) + on_top
    assert invoice["total_excluding_tax"] == invoice["total"] - sum(tax["amount"] for tax in taxes)
    assert sum(row["amount"] for row in invoice["total_discount_amounts"]) == sum(row["amount"] for row in discounts)
    assert sum(tax["amount"] for tax in invoice["total_taxes"]) == sum(tax["amount"] for tax in taxes)
    for line in lines:
        left = line["amount"] - sum(row["amount"] for row in line["discount_amounts"])
        contained = sum(tax["amount"] for tax in line["taxes"] if tax["tax_behavior"] == "inclusive")
        assert 0 <= left <= max(line["amount"], 0)
        assert all(tax["taxable_amount"] == left - contained for tax in line["taxes"])
    assert invoice["amount_due"] == max(0, invoice["total"] - invoice["pre_payment_credit_notes_amount"])
    assert invoice["amount_paid"] + invoice["amount_remaining"] == invoice["amount_due"]
