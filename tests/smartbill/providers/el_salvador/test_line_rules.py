"""What a line must be before it can be priced."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.smartbill.providers.el_salvador.builders import (
    codes,
    line,
    only,
    sale,
)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"description": ""}, "description", "missing"),
        ({"description": "x" * 1001}, "description", "wrong_length"),
        ({"description": "a\u0007b"}, "description", "unprintable"),
        ({"code": "x" * 26}, "code", "wrong_length"),
        ({"unit": "hour"}, "unit", "unknown_unit"),
        ({"quantity": Decimal(0)}, "quantity", "quantity"),
        ({"quantity": Decimal(-1)}, "quantity", "quantity"),
        ({"quantity": Decimal("0.000000001")}, "quantity", "decimals"),
        ({"tax_class": "unknown"}, "tax_class", "unknown_tax_class"),
        ({"tax_class": "exempt", "tax": Decimal(1)}, "tax", "tax_on_untaxed_line"),
        ({"tax": Decimal("7.39")}, "tax", "other_tax"),
    ],
)
def test_a_line_has_its_rules(change: dict[str, Any], field: str, code: str) -> None:
    problem = only(sale(replace(line("113.00"), **change)))
    assert (problem.field, problem.code) == (f"lines[0].{field}", code)


def test_a_number_that_is_none_is_refused_alone() -> None:
    draft = sale(line("1.00"))
    broken = replace(draft, lines=(replace(draft.lines[0], quantity=Decimal("NaN")),))
    assert codes(broken) == ["not_a_number"]
    assert codes(replace(draft, lines=(replace(draft.lines[0], quantity=Decimal(10) ** 11),))) == ["not_a_number"]


def test_a_negative_discount_is_refused() -> None:
    draft = sale(line("100.00", discount="-1.00"))
    assert codes(draft) == ["negative_discount"]


def test_a_rounded_cent_of_tax_is_no_other_tax() -> None:
    assert codes(sale(line("113.00", tax="13.01"))) == []
    assert codes(sale(line("100.00", tax="13.00", tax_inclusive=False))) == []


def test_an_export_carries_no_tax() -> None:
    problem = only(sale(line("113.00", tax="13.00"), kind="export"))
    assert (problem.field, problem.code) == ("lines[0].tax", "tax_on_export")


def test_a_document_has_between_one_and_two_thousand_lines() -> None:
    assert codes(replace(sale(), lines=())) == ["no_lines"]
    assert codes(sale(*[line("1.00")] * 2000)) == []
    assert codes(sale(*[line("1.00")] * 2001)) == ["too_many_lines"]
