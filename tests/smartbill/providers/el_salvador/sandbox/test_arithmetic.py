from decimal import Decimal

import pytest

from smartbill.providers.el_salvador.sandbox.amount_in_words import in_words
from smartbill.providers.el_salvador.sandbox.arithmetic import line_amounts, round2, round8, total
from smartbill.providers.el_salvador.sandbox.order import Item


def item(price, quantity="1", discount="0", tax_class="gravada"):
    return Item(
        description="x",
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        discount=Decimal(discount),
        tax_class=tax_class,
    )


def totals(kind, *items, **options):
    return total(kind, [line_amounts(kind, each) for each in items], **options)


@pytest.mark.parametrize(
    ("price", "iva"), [("113.00", "13.00"), ("7298.67", "839.67"), ("19.99", "2.30"), ("1.00", "0.12")]
)
def test_a_factura_contains_its_iva(price, iva):
    found = totals("factura", item(price))
    assert (found.iva, found.to_pay) == (Decimal(iva), Decimal(price))


@pytest.mark.parametrize(
    ("net", "iva", "to_pay"),
    [
        ("100.00", "13.00", "113.00"),
        ("17.69026549", "2.30", "19.99"),
        ("0.88495575", "0.11", "0.99"),
        ("6459", "839.67", "7298.67"),
    ],
)
def test_a_ccf_adds_its_iva(net, iva, to_pay):
    found = totals("ccf", item(net))
    assert (found.iva, found.to_pay) == (Decimal(iva), Decimal(to_pay))


def test_an_export_adds_insurance_and_freight_and_no_tax():
    found = totals("fex", item("100"), insurance=Decimal("5.5"), freight=Decimal(10))
    assert (found.gravada, found.iva, found.to_pay) == (Decimal("100.00"), Decimal("0.00"), Decimal("115.50"))


def test_each_line_stands_in_the_column_of_its_class():
    found = totals(
        "factura",
        item("113"),
        item("10", tax_class="exenta"),
        item("5", tax_class="no_sujeta"),
        item("-3", tax_class="no_gravada"),
    )
    assert (found.gravada, found.exenta, found.no_sujeta, found.no_gravado) == (113, 10, 5, -3)
    assert (found.sales, found.operation, found.to_pay, found.iva) == (128, 128, 125, 13)


def test_the_discount_is_of_the_whole_line():
    found = totals("factura", item("10", quantity="3", discount="7.40"))
    assert (found.gravada, found.discounts, found.iva) == (Decimal("22.60"), Decimal("7.40"), Decimal("2.60"))


def test_a_credit_greater_than_the_sale_leaves_nothing_to_pay():
    assert totals("factura", item("10"), item("-15", tax_class="no_gravada")).to_pay == 0


def test_lines_are_rounded_at_the_eighth_decimal_and_the_sum_at_the_second():
    third = item("0.33333333", quantity="0.33333333")
    assert line_amounts("ccf", third).gravada == Decimal("0.11111111")
    assert totals("ccf", *[third] * 3).gravada == Decimal("0.33")


@pytest.mark.parametrize(("value", "rounded"), [("5.664", "5.66"), ("5.665", "5.67"), ("0.005", "0.01")])
def test_half_a_cent_goes_up(value, rounded):
    assert round2(Decimal(value)) == Decimal(rounded)


def test_half_of_the_ninth_decimal_goes_up():
    assert round8(Decimal("0.000000005")) == Decimal("0.00000001")


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.00", "CERO 00/100 DOLARES"),
        ("1.05", "UN 05/100 DOLARES"),
        ("29.99", "VEINTINUEVE 99/100 DOLARES"),
        ("31.00", "TREINTA Y UN 00/100 DOLARES"),
        ("100.00", "CIEN 00/100 DOLARES"),
        ("113.00", "CIENTO TRECE 00/100 DOLARES"),
        ("1000.00", "MIL 00/100 DOLARES"),
        ("7298.67", "SIETE MIL DOSCIENTOS NOVENTA Y OCHO 67/100 DOLARES"),
        ("1000500.00", "UN MILLON QUINIENTOS 00/100 DOLARES"),
        ("2100000.00", "DOS MILLONES CIEN MIL 00/100 DOLARES"),
    ],
)
def test_the_amount_is_written_in_words(amount, words):
    assert in_words(Decimal(amount)) == words
