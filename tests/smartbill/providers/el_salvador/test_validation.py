"""Every reason at once, the head of a draft and its money; a draft that nothing forbids has no problem."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from smartbill.drafts import Address, Line, Party, Payment
from smartbill.errors import Problem
from tests.smartbill.providers.el_salvador.builders import (
    codes,
    line,
    only,
    provider,
    sale,
)


@pytest.mark.parametrize("kind", ["factura", "ccf", "export"])
def test_a_complete_draft_has_no_problem(kind: str) -> None:
    assert codes(sale(kind=kind)) == []


def test_what_was_held_upstream_comes_first() -> None:
    held = Problem("lines[0].tax_class", "no_tax_info", "Ask.")
    problems = provider().problems(sale(currency="EUR", held_because=(held,)))
    assert [problem.code for problem in problems] == ["no_tax_info", "currency"]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    draft = sale(
        line("100.00", "0", description=" "),
        kind="ccf",
        currency="mxn",
        party=Party(tax_id="123"),
        payments=(Payment(method="barter", amount=Decimal("1.005")),),
    )
    fields = [problem.field for problem in provider().problems(draft)]
    assert fields == [
        "currency",
        "party.tax_id",
        "party.nrc",
        "party.name",
        "party.activity_code",
        "party.activity_text",
        "party.address.department",
        "party.address.line",
        "party.email",
        "lines[0].description",
        "lines[0].quantity",
        "payments[0].method",
        "payments[0].amount",
        "payments",
    ]


def test_a_kind_nobody_knows_is_refused() -> None:
    assert only(replace(sale(), kind="ticket")).code == "unknown_kind"


def test_other_currencies_are_refused_and_named() -> None:
    problem = only(sale(currency="eur"))
    assert (problem.field, problem.code) == ("currency", "currency")
    assert "EUR" in problem.message


def test_usd_may_be_written_small() -> None:
    assert codes(sale(currency="usd")) == []


def test_test_and_live_do_not_mix() -> None:
    assert codes(sale(livemode=True)) == ["wrong_mode"]
    assert codes(sale(livemode=False), livemode=True) == ["wrong_mode"]


def test_a_ccf_is_off_in_live_mode_until_its_route_is_confirmed() -> None:
    assert codes(sale(kind="ccf", livemode=True), livemode=True) == ["route_disabled"]
    assert codes(sale(kind="factura", livemode=True), livemode=True) == []
    with override_settings(SMARTBILL_SV_CONTRACT={"routes.enabled.live": ["factura", "ccf", "fex"]}):
        assert codes(sale(kind="ccf", livemode=True), livemode=True) == []


def test_lines_that_do_not_sum_name_both_amounts() -> None:
    paid = (Payment(method="card_credit", amount=Decimal("100.00")),)
    problem = only(sale(line("113.00"), total=Decimal("100.00"), payments=paid))
    assert problem.code == "lines_do_not_sum"
    assert "113.00" in problem.message
    assert "100.00" in problem.message


def test_payments_that_do_not_sum_name_both_amounts() -> None:
    problem = only(sale(payments=(Payment(method="cash", amount=Decimal("112.99")),)))
    assert (problem.field, problem.code) == ("payments", "payments_do_not_sum")
    assert "112.99" in problem.message


def test_a_document_of_zero_needs_no_payment() -> None:
    assert codes(sale(line("100.00", discount="100.00"), payments=())) == []


def test_a_payment_reference_has_at_most_fifty_characters() -> None:
    payment = Payment(method="card_credit", amount=Decimal("113.00"), reference="x" * 51)
    assert codes(sale(payments=(payment,))) == ["wrong_length"]


@pytest.mark.parametrize("total", ["-1.00", "1.001", "100000000000", "NaN"])
def test_a_total_that_is_no_money_is_refused(total: str) -> None:
    assert "not_money" in codes(sale(total=Decimal(total)))


def test_an_unreachable_total_names_both_amounts_and_the_reason() -> None:
    problem = only(sale(line("1.00"), kind="ccf"))
    assert (problem.field, problem.code) == ("total", "total_unreachable")
    assert "1.00" in problem.message
    assert "0.99" in problem.message


def test_a_rounding_line_makes_a_total_reachable_where_the_issuer_permits_it() -> None:
    assert codes(sale(line("1.00"), kind="ccf"), rounding_line=True) == []
    ten = [line("0.50", tax="0.07", tax_inclusive=False)] * 10
    assert codes(sale(*ten, kind="ccf"), rounding_line=True) == ["total_unreachable"]


def test_no_line_is_left_for_a_rounding() -> None:
    lines = [line("1.00"), *[line("113.00")] * 1999]
    assert codes(sale(*lines, kind="ccf"), rounding_line=True) == ["no_line_for_rounding"]


def test_a_credit_without_a_line_to_take_it_from_is_refused() -> None:
    draft = sale(line("-10.00", tax_class="exempt"), line("113.00"))
    assert codes(draft) == ["credit_without_line"]
    assert codes(sale(line("-10.00"), line("113.00"))) == []


TEXT = st.text(max_size=60)
AMOUNT = st.decimals(min_value=-(10**6), max_value=10**6, places=3)


@given(
    st.builds(Party, name=TEXT, tax_id=TEXT, tax_id_type=st.sampled_from(["", "nit", "dui", "other"]), nrc=TEXT,
              activity_code=TEXT, activity_text=TEXT, person_type=TEXT, email=TEXT, phone=TEXT,
              address=st.builds(Address, country=TEXT, line=TEXT, department=TEXT, municipality=TEXT)),
    st.lists(st.builds(Line, description=TEXT, quantity=AMOUNT, subtotal=AMOUNT, discount=AMOUNT, tax=AMOUNT,
                       tax_inclusive=st.booleans(), tax_class=st.sampled_from(["standard", "exempt", "x"])),
             max_size=4),
    st.sampled_from(["factura", "ccf", "export", "x"]),
    AMOUNT,
)  # fmt: skip
def test_no_draft_however_absurd_breaks_the_rules(party: Party, lines: list[Line], kind: str, total: Decimal) -> None:
    draft = replace(sale(), kind=kind, party=party, lines=tuple(lines), total=total)
    problems = provider().problems(draft)
    assert all(problem.code and problem.message for problem in problems)
    if not problems:
        assert provider().submission(draft, "K7WXYZ2345").body


@pytest.mark.parametrize(("length", "found"), [(2900, []), (2901, ["wrong_length"])])
def test_notes_that_do_not_fit_are_never_cut(length: int, found: list[str]) -> None:
    half = length // 2
    assert codes(sale(notes=f"{'x' * half}\n{'y' * (length - half - 1)}")) == found


def test_notes_that_cannot_be_printed_are_refused() -> None:
    assert codes(sale(notes="Net 30\ue000")) == ["unprintable"]
