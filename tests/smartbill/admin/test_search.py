from decimal import Decimal

import pytest
from django.db.models import Q

from smartbill.admin.search import exact_lookup, fragment_lookup, looks_like_reference


@pytest.mark.parametrize(
    ("term", "lookup"),
    [
        ("4e1f0a2b-aaaa-4bbb-8ccc-0123456789ab", Q(generation_code="4E1F0A2B-AAAA-4BBB-8CCC-0123456789AB")),
        ("dte-01-m001p001-000000000000123", Q(control_number="DTE-01-M001P001-000000000000123")),
        ("cus_R1a", Q(customer_reference="cus_R1a")),
        ("in_1Qa", Q(source="invoice:in_1Qa")),
        ("pi_3Qb", Q(source="payment_intent:pi_3Qb")),
        ("061400000", Q(customer_tax_id__in=["061400000", "061400000"])),
        ("0614-000000-001-4", Q(customer_tax_id__in=["0614-000000-001-4", "06140000000014"])),
        ("1248.50", Q(total=Decimal("1248.50"))),
        ("1248,50", Q(total=Decimal("1248.50"))),
    ],
)
def test_a_shape_that_says_what_it_is_is_looked_up_by_equality(term: str, lookup: Q) -> None:
    assert exact_lookup(term) == lookup


@pytest.mark.parametrize("term", ["Ana", "ana@example.com", "12345678", "123456789012345", "DTE-01", "1248"])
def test_anything_else_is_a_fragment(term: str) -> None:
    assert exact_lookup(term) is None


def test_a_fragment_is_looked_for_in_two_columns_and_an_address_in_one() -> None:
    assert fragment_lookup("ana") == Q(customer_name__icontains="ana") | Q(customer_email__icontains="ana")
    assert fragment_lookup("ana@") == Q(customer_email__icontains="ana@")


def test_one_character_is_not_searched() -> None:
    assert fragment_lookup("a") is None


@pytest.mark.parametrize(("term", "answer"), [("5jfhrvahca", True), ("5JFHRVAHC", False), ("5JFHRVAHC0", False)])
def test_a_reference_has_ten_letters_without_look_alikes(term: str, answer: bool) -> None:
    assert looks_like_reference(term) is answer
