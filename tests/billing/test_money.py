from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money import CurrencyOnHold, UnreadableAmount, allocate, exponent, to_decimal


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (1099, "usd", "10.99"),
        (1099, "USD", "10.99"),
        (10000, "jpy", "10000"),
        (12340, "kwd", "12.340"),
        (500, "isk", "5.00"),
        (500, "huf", "5.00"),
        (500, "twd", "5.00"),
        (0, "usd", "0.00"),
        (-5, "usd", "-0.05"),
    ],
)
def test_amounts_follow_the_table_of_stripe(amount, currency, expected):
    assert str(to_decimal(amount, currency)) == expected


@pytest.mark.parametrize(
    "currency",
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"],
)
def test_zero_decimal_currencies_have_no_decimals(currency):
    assert exponent(currency) == 0


@pytest.mark.parametrize("currency", ["bhd", "jod", "kwd", "omr", "tnd"])
def test_three_decimal_currencies_have_three(currency):
    assert exponent(currency) == 3


def test_a_currency_of_which_stripe_contradicts_itself_is_on_hold():
    with pytest.raises(CurrencyOnHold):
        to_decimal(500, "UGX")


def test_decimals_that_must_be_zero_are_refused():
    with pytest.raises(UnreadableAmount):
        to_decimal(550, "isk")


@pytest.mark.parametrize("amount", [10.0, "10", None, True])
def test_only_integers_are_amounts(amount):
    with pytest.raises(UnreadableAmount):
        to_decimal(amount, "usd")


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [0, 0], [5, 5]),
        (7, [3, 0, 4], [3, 0, 4]),
        (1, [1, 2], [0, 1]),
    ],
)
def test_residual_units_go_to_the_largest_remainders(total, weights, shares):
    assert allocate(total, weights) == shares


def test_nothing_can_be_spread_over_nothing_or_over_negative_weights():
    with pytest.raises(ValueError, match="weights"):
        allocate(1, [])
    with pytest.raises(ValueError, match="weights"):
        allocate(1, [2, -1])


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_shares_sum_to_the_total_and_stay_within_one_unit_of_the_proportion(total, weights):
    shares = allocate(total, weights)
    whole = sum(weights)
    assert sum(shares) == total
    assert not whole or all(
        abs(share * whole - total * weight) < whole for share, weight in zip(shares, weights, strict=True)
    )


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50), st.data())
def test_a_share_never_passes_its_weight_while_the_total_fits(weights, data):
    total = data.draw(st.integers(0, sum(weights)))
    shares = allocate(total, weights)
    assert not any(weights) or all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


@given(st.integers(-(10**12), 10**12), st.sampled_from(["usd", "jpy", "kwd", "eur", "omr"]))
def test_reading_an_amount_loses_nothing(amount, currency):
    assert to_decimal(amount, currency) * 10 ** exponent(currency) == Decimal(amount)
