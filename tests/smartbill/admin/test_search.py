from decimal import Decimal

import pytest
from django.db.models import Q

from config.admin.terms import is_stripe_id, same_text
from smartbill.admin.search import lookup_of


@pytest.mark.parametrize(
    ("term", "lookup"),
    [
        ("4e1f0a2b-aaaa-4bbb-8ccc-0123456789ab", Q(generation_code="4E1F0A2B-AAAA-4BBB-8CCC-0123456789AB")),
        ("dte-01-m001p001-000000000000123", Q(control_number="DTE-01-M001P001-000000000000123")),
        ("cus_R1a", Q(customer_reference="cus_R1a")),
        ("061400000", Q(customer_tax_id__in=["061400000", "061400000"])),
        ("0614-000000-001-4", Q(customer_tax_id__in=["0614-000000-001-4", "06140000000014"])),
        ("1248.50", Q(total=Decimal("1248.50"))),
        ("1248,50", Q(total=Decimal("1248.50"))),
    ],
)
def test_a_shape_that_says_what_it_is_is_looked_up_by_equality(term: str, lookup: Q) -> None:
    assert lookup_of(term) == lookup


def test_a_whole_address_is_compared_and_not_searched() -> None:
    assert lookup_of("Ana@Example.com") == same_text("customer_email", "Ana@Example.com")


@pytest.mark.parametrize("term", ["Ana", "ana@", "12345678", "123456789012345", "DTE-01", "1248", "ana_perez"])
def test_anything_else_is_a_fragment_of_name_or_address(term: str) -> None:
    assert lookup_of(term) == Q(customer_name__icontains=term) | Q(customer_email__icontains=term)


@pytest.mark.parametrize("term", ["a", "an", "a b", "%", "___", "S.A.", "--"])
def test_what_no_index_can_be_searched_for_finds_nothing(term: str) -> None:
    assert lookup_of(term) == Q(pk__in=[])


@pytest.mark.parametrize(("term", "is_both"), [("5jfhrvahca", True), ("5JFHRVAHC", False), ("5JFHRVAHC0", False)])
def test_ten_letters_without_look_alikes_may_be_a_reference(term: str, is_both: bool) -> None:
    assert (("reference", term.upper()) in lookup_of(term).children) is is_both


@pytest.mark.parametrize(
    ("term", "answer"),
    [
        ("in_1Qa", True),
        ("cs_test_a1B2", True),
        ("sub_sched_1", True),
        ("re_3Q", True),
        ("in_", False),
        ("ana_perez", False),
        ("IN_1Qa", False),
        ("in_1 a", False),
    ],
)
def test_ids_of_stripe_are_known_by_their_beginnings(term: str, answer: bool) -> None:
    assert is_stripe_id(term) is answer
