from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.sandbox.arithmetic import Cut, Item, Rate, compute, net_of, share, taxes_on

IVA = Rate("txr_iva", Decimal(13), inclusive=True)
VAT = Rate("txr_vat", Decimal(19), inclusive=False)


def test_an_inclusive_tax_is_taken_out_of_the_amount():
    (line,) = compute([Item(11300, (IVA,))])
    assert (line.taxes[0].amount, line.taxes[0].taxable, line.total) == (1300, 10000, 11300)


def test_an_exclusive_tax_comes_on_top():
    (line,) = compute([Item(10000, (VAT,))])
    assert (line.taxes[0].amount, line.taxes[0].taxable, line.total) == (1900, 10000, 11900)


def test_an_exclusive_tax_is_computed_on_what_the_inclusive_one_leaves():
    (line,) = compute([Item(11300, (IVA, VAT))])
    assert [tax.amount for tax in line.taxes] == [1300, 1900]
    assert line.total == 13200


def test_a_percentage_off_everything_is_spread_by_largest_remainder():
    lines = compute([Item(333), Item(333), Item(334)], [Cut("di", Decimal(10))])
    assert [line.shared["di"] for line in lines] == [33, 33, 34]


def test_the_earlier_line_takes_the_odd_cent():
    lines = compute([Item(100), Item(100), Item(100)], [Cut("di", amount=100)])
    assert [line.shared["di"] for line in lines] == [34, 33, 33]


def test_the_lines_own_discount_comes_before_the_documents():
    (line,) = compute([Item(1000, cuts=(Cut("own", Decimal(50)),))], [Cut("all", Decimal(50))])
    assert (line.own, line.shared, line.after_discounts) == ({"own": 500}, {"all": 250}, 250)


def test_an_amount_off_never_takes_more_than_there_is():
    (line,) = compute([Item(300)], [Cut("di", amount=1000)])
    assert (line.shared, line.total) == ({"di": 300}, 0)


def test_a_line_that_is_not_discountable_keeps_its_amount():
    lines = compute([Item(1000, discountable=False), Item(1000)], [Cut("di", Decimal(25))])
    assert [line.after_discounts for line in lines] == [1000, 750]


def test_a_coupon_for_one_product_leaves_the_others_alone():
    lines = compute(
        [Item(1000, product="prod_a"), Item(1000)], [Cut("di", Decimal(25), products=frozenset({"prod_a"}))]
    )
    assert [line.after_discounts for line in lines] == [750, 1000]


def test_an_exempt_buyer_owes_no_tax():
    (line,) = compute([Item(1000, (VAT,))], exempt=True)
    assert (line.taxes[0].amount, line.total) == (0, 1000)


def test_half_a_unit_is_rounded_away_from_zero():
    assert taxes_on(50, [Rate("r", Decimal(1), inclusive=False)])[0].amount == 1
    assert taxes_on(-50, [Rate("r", Decimal(1), inclusive=False)])[0].amount == -1
    assert net_of(113, [IVA]) == 100


@pytest.mark.parametrize(("total", "weights", "parts"), [(10, [], []), (0, [0, 0], [0, 0]), (-5, [1, 1], [-3, -2])])
def test_a_share_of_an_odd_case(total, weights, parts):
    assert share(total, weights) == parts


amounts = st.integers(min_value=0, max_value=10**9)
percentages = st.integers(min_value=0, max_value=10_000).map(lambda number: Decimal(number) / 100)
rates = st.builds(Rate, st.uuids().map(str), percentages, st.booleans())
cuts = st.one_of(
    st.builds(Cut, st.uuids().map(str), percentages),
    st.builds(Cut, st.uuids().map(str), st.none(), st.integers(min_value=0, max_value=10**9)),
)
items = st.builds(
    Item,
    amounts,
    st.lists(rates, max_size=3).map(tuple),
    st.lists(cuts, max_size=2).map(tuple),
    st.booleans(),
)


@given(st.integers(min_value=-(10**9), max_value=10**9), st.lists(amounts, min_size=1, max_size=20).filter(any))
def test_shares_always_make_up_the_whole(total, weights):
    assert sum(share(total, weights)) == total


@given(st.lists(amounts, min_size=1, max_size=20).filter(any), st.data())
def test_no_share_exceeds_its_weight_when_the_total_fits(weights, data):
    total = data.draw(st.integers(min_value=0, max_value=sum(weights)))
    assert all(0 <= part <= weight for part, weight in zip(share(total, weights), weights, strict=True))


@given(st.lists(items, min_size=1, max_size=12), st.lists(cuts, max_size=3), st.booleans())
def test_every_document_adds_up(items, cuts, exempt):
    lines = compute(items, cuts, exempt=exempt)
    for line in lines:
        contained = sum(tax.amount for tax in line.taxes if tax.rate.inclusive)
        assert 0 <= line.after_discounts <= line.item.amount
        assert all(tax.taxable == line.after_discounts - contained for tax in line.taxes)
        assert line.total == line.after_discounts + line.added_tax
    for cut in cuts:
        taken = sum(line.shared.get(cut.discount, 0) for line in lines)
        assert taken <= (sum(line.before_shared for line in lines) if cut.amount is None else cut.amount)
