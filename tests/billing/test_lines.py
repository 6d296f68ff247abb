from datetime import UTC, datetime
from decimal import Decimal

from billing.lines import LineRules, build_lines
from billing.purchases import ChargedLine, ChargedTax, Purchase

RULES = LineRules(kind="factura", untaxed="hold", rate=Decimal(13))


def charged(subtotal, *, tax=None, inclusive=True, number=1, **changes):
    taxes = () if tax is None else (ChargedTax(amount=tax, inclusive=inclusive, rate=Decimal(13)),)
    values = {"description": f"Line {number}", "quantity": Decimal(1), "taxes": taxes} | changes
    return ChargedLine(source=f"invoice.lines.il_{number}", description_source="", subtotal=subtotal, **values)


def build(*lines, total=None, exclusive_tax=None):
    purchase = Purchase(
        origin="invoice",
        reference="in_1",
        currency="USD",
        total=sum(line.total for line in lines) if total is None else total,
        lines=lines,
        payments=(),
        paid_at=datetime(2026, 11, 21, tzinfo=UTC),
        exclusive_tax=exclusive_tax,
    )
    return build_lines(purchase, RULES)


def figures(built):
    return [(str(row.subtotal), str(row.discount), str(row.tax), str(row.total)) for row in built.lines]


def codes(built):
    return [(problem.field, problem.code) for problem in built.problems]


def test_the_unused_part_of_a_plan_becomes_a_discount_spread_by_the_largest_remainder():
    built = build(
        charged(10000, tax=1300, inclusive=False, number=1),
        charged(5000, tax=650, inclusive=False, number=2),
        charged(-2000, tax=-260, inclusive=False, number=3, description="Unused time"),
    )
    assert figures(built) == [("100.00", "13.33", "11.27", "97.94"), ("50.00", "6.67", "5.63", "48.96")]
    assert built.total == 14690
    assert codes(built) == []
    assert built.provenance["lines.0.discount"].rule == "-2000 invoice.lines.il_3 (Unused time): 1333"
    assert built.provenance["lines.1.discount"].rule == "-2000 invoice.lines.il_3 (Unused time): 667"
    assert built.provenance["lines.0.tax"].rule == "invoice.lines.il_3: -173"


def test_a_credit_with_the_tax_in_its_price_keeps_the_total():
    built = build(charged(11300, tax=1300, number=1), charged(-999, tax=-115, number=2))
    assert figures(built) == [("113.00", "9.99", "11.85", "103.01")]
    assert codes(built) == []


def test_a_credit_larger_than_the_other_lines_is_held_and_stays():
    built = build(charged(1130, tax=130, number=1), charged(-11300, tax=-1300, number=2))
    assert figures(built) == [("11.30", "0.00", "1.30", "11.30"), ("-113.00", "0.00", "-13.00", "-113.00")]
    assert codes(built) == [("lines.1", "negative_line")]


def test_a_credit_of_another_tax_class_is_held():
    built = build(charged(11300, tax=1300, number=1), charged(-1000, tax_class="exempt", number=2))
    assert codes(built) == [("lines.1", "negative_line")]
    assert built.total == 10300


def test_a_credit_with_added_tax_is_not_taken_from_prices_that_contain_it():
    built = build(charged(11300, tax=1300, number=1), charged(-1000, tax=-130, inclusive=False, number=2))
    assert codes(built) == [("lines.1", "negative_line")]


def test_several_credits_are_spread_one_after_the_other():
    built = build(
        charged(300, tax_class="exempt", number=1),
        charged(-100, tax_class="exempt", number=2),
        charged(-200, tax_class="exempt", number=3),
    )
    assert figures(built) == [("3.00", "3.00", "0.00", "0.00")]
    assert codes(built) == []


def test_cents_of_a_tax_that_was_rounded_once_go_to_a_line_and_it_says_so():
    lines = [charged(104, tax=13, inclusive=False, number=1), charged(104, tax=13, inclusive=False, number=2)]
    built = build(*lines, total=235, exclusive_tax=27)
    assert figures(built) == [("1.04", "0.00", "0.14", "1.18"), ("1.04", "0.00", "0.13", "1.17")]
    assert built.total == 235
    assert built.provenance["lines.0.tax"].rule == "residual cents of the tax by the largest remainder: +1"
    assert built.provenance["lines.1.tax"].rule == ""


def test_more_than_rounding_is_not_settled():
    lines = [charged(104, tax=13, inclusive=False, number=1), charged(104, tax=13, inclusive=False, number=2)]
    assert build(*lines, exclusive_tax=29).total == 234


def test_a_line_that_sold_nothing_is_left_out():
    built = build(charged(1130, tax=130, number=1), charged(0, quantity=Decimal(0), number=2))
    assert [row.description for row in built.lines] == ["Line 1"]


def test_a_free_item_is_kept():
    built = build(charged(1130, tax=130, number=1), charged(0, number=2))
    assert figures(built)[1] == ("0.00", "0.00", "0.00", "0.00")
    assert codes(built) == []


def test_a_doubt_about_a_tax_names_its_line():
    built = build(charged(1130, tax=130, number=1), charged(500, number=2))
    assert codes(built) == [("lines.1.tax_class", "tax_missing")]
    assert built.lines[1].tax_class == "unknown"


def test_a_description_keeps_its_hostile_text_and_loses_control_characters():
    built = build(charged(1130, tax=130, description="=1+1 <b>\u0007"))
    assert built.lines[0].description == "=1+1 <b>"
    assert built.provenance["lines.0.description"].rule == "control characters removed"


def residuals(built):
    return [(row.line, row.part, str(row.amount), row.cause) for row in built.residuals]


def test_the_line_that_took_a_cent_of_a_credit_is_recorded():
    built = build(
        charged(10000, tax=1300, inclusive=False, number=1),
        charged(5000, tax=650, inclusive=False, number=2),
        charged(-2000, tax=-260, inclusive=False, number=3, description="Unused time"),
    )
    assert residuals(built) == [(1, "discount", "0.01", "credit"), (1, "tax", "-0.01", "credit")]


def test_the_line_that_took_a_cent_of_the_invoices_tax_is_recorded():
    rows = [charged(50, tax=7, inclusive=False, number=number) for number in range(3)]
    built = build(*rows, exclusive_tax=20)
    assert [str(row.tax) for row in built.lines] == ["0.06", "0.07", "0.07"]
    assert residuals(built) == [(0, "tax", "-0.01", "invoice_tax")]


def test_a_negative_line_takes_no_cent_of_the_tax():
    rows = [charged(1000, tax=130, inclusive=False, number=1), charged(-100, tax=-13, inclusive=False, number=2)]
    built = build(*rows, exclusive_tax=118)
    assert residuals(built) == [(0, "tax", "0.01", "invoice_tax")]
    assert [str(row.tax) for row in built.lines] == ["1.18"]


def test_where_everything_divides_evenly_nobody_took_anything():
    assert residuals(build(charged(11300, tax=1300), charged(-1130, tax=-130, number=2))) == []


def test_the_price_of_one_keeps_every_decimal_that_stripe_gave():
    (row,) = build(charged(154, tax=18, quantity=Decimal(1234), unit_amount=Decimal("0.125"))).lines
    assert str(row.unit_price) == "0.00125"
