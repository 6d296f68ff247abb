from datetime import date
from decimal import Decimal

import pytest

from billing.purchases import ChargedLine, ChargedTax
from billing.taxes import contained, read_tax, standard_rate

IVA = Decimal(13)


def line(*taxes, subtotal=11300, **changes):
    return ChargedLine(
        source="invoice.lines.il_1",
        description="x",
        description_source="",
        quantity=Decimal(1),
        subtotal=subtotal,
        taxes=taxes,
        **changes,
    )


def read(charged, *, kind="factura", untaxed="hold"):
    found = read_tax(charged, kind=kind, untaxed=untaxed, rate=IVA)
    return found.tax_class, found.amount, found.inclusive, [code for code, _text in found.doubts]


@pytest.mark.parametrize("rate", [IVA, Decimal("13.0"), None])
def test_the_standard_rate_is_known_by_its_tax_rate_or_by_its_amount(rate):
    assert read(line(ChargedTax(amount=1300, inclusive=True, rate=rate))) == ("standard", 1300, True, [])
    added = line(ChargedTax(amount=1300, inclusive=False, rate=rate), subtotal=10000)
    assert read(added) == ("standard", 1300, False, [])


@pytest.mark.parametrize("rate", [Decimal(12), Decimal("13.5"), None])
def test_another_rate_holds(rate):
    charged = line(ChargedTax(amount=1200, inclusive=False, rate=rate), subtotal=10000)
    assert read(charged) == ("standard", 1200, False, ["rate_not_standard"])


def test_the_sentence_names_the_rate_that_was_charged():
    charged = line(ChargedTax(amount=1200, inclusive=False), subtotal=10000)
    found = read_tax(charged, kind="factura", untaxed="hold", rate=IVA)
    assert found.doubts[0][1] == "The tax is 12.00 %, not 13 %."


def test_two_taxes_hold_and_keep_the_sum():
    taxes = (
        ChargedTax(amount=1300, inclusive=False, rate=IVA),
        ChargedTax(amount=500, inclusive=False, rate=Decimal(5)),
    )
    assert read(line(*taxes, subtotal=10000)) == ("standard", 1800, False, ["several_taxes"])


def test_of_included_and_added_taxes_the_added_one_counts():
    taxes = (
        ChargedTax(amount=1150, inclusive=True, rate=IVA),
        ChargedTax(amount=500, inclusive=False, rate=Decimal(5)),
    )
    assert read(line(*taxes, subtotal=10000)) == ("standard", 500, False, ["several_taxes"])


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("product_exempt", ("exempt", [])),
        ("product_exempt_holiday", ("exempt", [])),
        ("customer_exempt", ("exempt", [])),
        ("not_subject_to_tax", ("not_subject", [])),
        ("zero_rated", ("unknown", ["tax_treatment_unclear"])),
        ("reverse_charge", ("unknown", ["tax_treatment_unclear"])),
        ("reduced_rated", ("unknown", ["tax_treatment_unclear"])),
        ("something_new", ("unknown", ["tax_treatment_unclear"])),
    ],
)
def test_the_reason_of_a_tax_of_zero_decides(reason, expected):
    found = read(line(ChargedTax(amount=0, inclusive=False, reason=reason)), untaxed="included")
    assert (found[0], found[3]) == expected


def test_a_tax_rate_of_zero_percent_is_not_understood():
    zero = ChargedTax(amount=0, inclusive=False, reason="not_available", rate=Decimal(0))
    assert read(line(zero), untaxed="included") == ("unknown", 0, True, ["tax_treatment_unclear"])


def test_two_reasons_contradict_each_other():
    taxes = (
        ChargedTax(amount=0, inclusive=False, reason="product_exempt"),
        ChargedTax(amount=0, inclusive=False, reason="not_subject_to_tax"),
    )
    assert read(line(*taxes))[3] == ["tax_treatment_unclear"]


@pytest.mark.parametrize("taxes", [(), (ChargedTax(amount=0, inclusive=False, reason="not_collecting"),)])
def test_a_line_without_tax_information_follows_the_issuer(taxes):
    assert read(line(*taxes), untaxed="hold") == ("unknown", 0, True, ["tax_missing"])
    assert read(line(*taxes), untaxed="included") == ("standard", 1300, True, [])


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("exempt", ("exempt", 0, True, [])),
        ("Exenta", ("exempt", 0, True, [])),
        ("no_sujeta", ("not_subject", 0, True, [])),
        ("standard", ("standard", 1300, True, [])),
        ("reduced", ("unknown", 0, True, ["tax_class_unknown"])),
    ],
)
def test_the_sellers_metadata_state_the_class(stated, expected):
    assert read(line(tax_class=stated)) == expected


def test_metadata_that_contradict_the_tax_hold():
    charged = line(ChargedTax(amount=1300, inclusive=True, rate=IVA), tax_class="exempt")
    assert read(charged) == ("standard", 1300, True, ["class_contradicts_tax"])


def test_an_unclear_reason_of_a_tax_that_was_charged_holds():
    charged = line(ChargedTax(amount=1300, inclusive=True, rate=IVA, reason="portion_standard_rated"))
    assert read(charged)[3] == ["tax_treatment_unclear"]


def test_an_export_carries_no_tax_and_asks_nothing():
    assert read(line(), kind="export") == ("standard", 0, True, [])


def test_a_tax_on_an_export_holds():
    charged = line(ChargedTax(amount=1300, inclusive=False, rate=IVA), subtotal=10000)
    assert read(charged, kind="export") == ("standard", 1300, False, ["tax_on_export"])


def test_a_free_line_asks_nothing():
    assert read(line(subtotal=0)) == ("standard", 0, True, [])


def test_a_standard_tax_that_rounds_to_nothing_is_standard():
    tiny = ChargedTax(amount=0, inclusive=False, reason="standard_rated", rate=IVA)
    assert read(line(tiny, subtotal=3)) == ("standard", 0, True, [])


@pytest.mark.parametrize(("gross", "tax"), [(11300, 1300), (1999, 230), (100, 12), (729867, 83967), (-1999, -230)])
def test_the_tax_that_a_price_contains(gross, tax):
    assert contained(gross, IVA) == tax


def test_the_rate_is_a_row_with_a_date():
    assert standard_rate(date(2026, 11, 21)) == 13
