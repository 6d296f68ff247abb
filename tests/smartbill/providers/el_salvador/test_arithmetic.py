"""The authority's arithmetic over random sales: what is charged is what it computes, or the difference is named."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartbill.drafts import Draft, Line
from smartbill.providers.el_salvador.arithmetic import Calculation, calculate, tax_within
from tests.smartbill.providers.el_salvador.builders import line, sale

RATE = Decimal("0.13")
CENT, STEP = Decimal("0.01"), Decimal("0.00000001")
CENTS = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
PAID = st.integers(1, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
QUANTITY = st.one_of(st.integers(1, 100_000).map(Decimal), st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-8)))


def calculated(draft: Draft, **options: Decimal) -> Calculation:
    return calculate(draft, rate=RATE, rounding_text="Ajuste", **options)


@st.composite
def charged_lines(draw: st.DrawFn) -> Line:
    subtotal = draw(CENTS)
    discount = draw(st.integers(0, int(subtotal * 100))) if draw(st.booleans()) else 0
    tax_class = draw(st.sampled_from(["standard", "standard", "exempt", "not_subject"]))
    inclusive = draw(st.booleans())
    net = subtotal - Decimal(discount).scaleb(-2)
    factor = RATE / (1 + RATE) if inclusive else RATE
    tax = (net * factor).quantize(CENT, ROUND_HALF_UP) if tax_class == "standard" else Decimal(0)
    return Line(
        description="x",
        quantity=draw(QUANTITY),
        subtotal=subtotal,
        discount=Decimal(discount).scaleb(-2),
        tax=tax,
        tax_inclusive=inclusive,
        tax_class=tax_class,
    )


@pytest.mark.parametrize(
    ("gross", "tax"), [("113.00", "13.00"), ("7298.67", "839.67"), ("19.99", "2.30"), ("1.00", "0.12")]
)
def test_the_tax_contained_in_a_factura_is_the_authoritys(gross: str, tax: str) -> None:
    result = calculated(sale(line(gross)))
    assert result.totals.tax == Decimal(tax)
    assert result.totals.payable == Decimal(gross)


@pytest.mark.parametrize(("gross", "net"), [("113.00", "100.00"), ("19.99", "17.69"), ("7298.67", "6459.00")])
def test_a_ccf_shows_the_net_and_adds_the_tax(gross: str, net: str) -> None:
    result = calculated(sale(line(gross), kind="ccf"))
    assert result.totals.taxed == Decimal(net)
    assert result.totals.payable == Decimal(gross)
    assert result.difference == 0


def test_the_contained_tax_of_a_line_has_eight_decimals() -> None:
    assert tax_within(Decimal("19.99"), RATE) == Decimal("2.29973451")


@settings(max_examples=300, deadline=None)
@given(st.lists(charged_lines(), min_size=1, max_size=8))
def test_a_factura_reaches_every_total(lines: list[Line]) -> None:
    result = calculated(sale(*lines))
    assert result.difference == 0
    assert result.totals.payable == sum(item.total for item in lines)


@settings(max_examples=300, deadline=None)
@given(st.lists(charged_lines(), min_size=1, max_size=8), st.sampled_from(["factura", "ccf", "export"]))
def test_no_figure_has_more_than_eight_decimals_and_no_discount_exceeds_its_line(lines: list[Line], kind: str) -> None:
    for priced in calculated(sale(*lines, kind=kind)).lines:
        for figure in (priced.unit_price, priced.discount):
            assert figure == figure.quantize(STEP)
            assert figure >= 0
        assert priced.discount <= priced.quantity * priced.unit_price


@settings(max_examples=500, deadline=None)
@given(PAID, QUANTITY)
def test_a_ccf_is_exact_wherever_a_net_total_exists(gross: Decimal, quantity: Decimal) -> None:
    near = (gross / (1 + RATE)).quantize(CENT, ROUND_HALF_UP)
    nets = [near + step * CENT for step in (-1, 0, 1)]
    reachable = any(net + (net * RATE).quantize(CENT, ROUND_HALF_UP) == gross for net in nets)
    result = calculated(sale(line(str(gross), str(quantity)), kind="ccf"))
    assert (result.difference == 0) is reachable
    assert abs(result.difference) <= CENT


@settings(max_examples=200, deadline=None)
@given(st.lists(PAID, min_size=1, max_size=30), st.integers(3, 99))
def test_a_ccf_of_many_inclusive_lines_is_never_more_than_a_cent_away(amounts: list[Decimal], quantity: int) -> None:
    lines = [line(str(amount), str(quantity)) for amount in amounts]
    assert abs(calculated(sale(*lines, kind="ccf")).difference) <= CENT


@settings(max_examples=200, deadline=None)
@given(st.lists(PAID, min_size=1, max_size=30))
def test_a_rounding_line_of_a_cent_closes_every_inclusive_ccf(amounts: list[Decimal]) -> None:
    draft = sale(*(line(str(amount)) for amount in amounts), kind="ccf")
    result = calculated(draft, rounding_limit=CENT)
    assert result.difference == 0
    assert result.totals.payable == draft.total
    assert abs(result.rounding) <= CENT
    assert sum(item.unit_price for item in result.lines if item.tax_class == "untaxed") == result.rounding


@settings(max_examples=200, deadline=None)
@given(st.lists(PAID, min_size=1, max_size=10), QUANTITY)
def test_an_export_carries_no_tax_and_reaches_every_total(amounts: list[Decimal], quantity: Decimal) -> None:
    result = calculated(sale(*(line(str(amount), str(quantity)) for amount in amounts), kind="export"))
    assert result.totals.tax == 0
    assert result.totals.payable == sum(amounts)


def test_an_unreachable_ccf_total_is_reported_to_the_cent() -> None:
    result = calculated(sale(line("1.00"), kind="ccf"))
    figures = (result.totals.taxed, result.totals.tax, result.totals.payable, result.difference)
    assert figures == (Decimal("0.88"), Decimal("0.11"), Decimal("0.99"), Decimal("0.01"))


def test_a_rounding_line_is_not_added_beyond_its_limit() -> None:
    lines = [line("0.50", tax="0.07", tax_inclusive=False) for _n in range(10)]
    result = calculated(sale(*lines, kind="ccf"), rounding_limit=CENT)
    assert result.difference == Decimal("0.05")
    assert result.rounding == 0
    assert len(result.lines) == 10


def test_a_rounding_line_is_never_added_to_a_factura() -> None:
    draft = sale(line("10.00"), total=Decimal("10.01"))
    assert calculated(draft, rounding_limit=CENT).difference == CENT


def test_a_price_charged_without_tax_is_net_on_a_ccf_as_it_was_charged() -> None:
    draft = sale(line("100.00", tax="13.00", tax_inclusive=False), kind="ccf")
    result = calculated(draft)
    assert [item.unit_price for item in result.lines] == [Decimal("100.00")]
    assert result.totals.payable == Decimal("113.00")


def test_a_price_charged_without_tax_includes_it_on_a_factura() -> None:
    draft = sale(line("100.00", discount="10.00", tax="11.70", tax_inclusive=False))
    (priced,) = calculated(draft).lines
    assert (priced.unit_price, priced.discount, priced.amount) == (
        Decimal("113.00"),
        Decimal("11.30"),
        Decimal("101.70"),
    )


def test_a_discount_of_everything_leaves_nothing_and_stays_within_the_price() -> None:
    (priced,) = calculated(sale(line("100.00", "3", discount="100.00"))).lines
    assert priced.amount == 0
    assert priced.discount <= priced.quantity * priced.unit_price


def test_a_coarse_price_of_many_pieces_is_corrected_by_a_discount() -> None:
    (priced,) = calculated(sale(line("0.01", "3000000"))).lines
    assert (priced.unit_price, priced.discount) == (Decimal("0.00000001"), Decimal("0.02"))
    assert priced.amount == Decimal("0.01")


def test_a_credit_for_unused_time_becomes_a_discount_of_the_largest_line() -> None:
    lines = [line("-20.00", description="Tiempo sin usar"), line("5.00"), line("113.00")]
    result = calculated(sale(*lines))
    assert [item.discount for item in result.lines] == [0, Decimal("20.00")]
    assert result.totals.payable == Decimal("98.00")
    assert [item.description for item in result.credits] == ["Tiempo sin usar"]


def test_a_credit_is_taken_from_lines_of_its_own_tax_class_only() -> None:
    result = calculated(sale(line("-20.00", tax_class="exempt"), line("5.00", tax_class="exempt"), line("113.00")))
    assert result.excess == Decimal("15.00")
    assert [item.discount for item in result.lines] == [Decimal("5.00"), 0]


def test_exempt_and_not_subject_lines_of_a_ccf_keep_their_price() -> None:
    draft = sale(line("113.00"), line("10.00", tax_class="exempt"), line("7.00", tax_class="not_subject"), kind="ccf")
    totals = calculated(draft).totals
    assert (totals.taxed, totals.exempt, totals.not_subject, totals.tax, totals.payable) == (
        Decimal("100.00"),
        Decimal("10.00"),
        Decimal("7.00"),
        Decimal("13.00"),
        Decimal("130.00"),
    )


def test_two_thousand_lines_of_a_third_still_reach_the_total() -> None:
    lines = [line("1.00", "3") for _n in range(2000)]
    assert calculated(sale(*lines)).difference == 0
    assert abs(calculated(sale(*lines, kind="ccf")).difference) <= CENT
