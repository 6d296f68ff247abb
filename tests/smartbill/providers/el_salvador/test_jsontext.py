from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartbill.providers.el_salvador.jsontext import Unreadable, from_bytes, to_bytes


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("113.00"), b"113"),
        (Decimal("19.990"), b"19.99"),
        (Decimal("33.33333333"), b"33.33333333"),
        (Decimal("1E-8"), b"0.00000001"),
        (Decimal("1E+3"), b"1000"),
        (Decimal("-0.01"), b"-0.01"),
        (Decimal("-0.00"), b"0"),
        (Decimal("100"), b"100"),
        ({"a": [1, None, True, "ñ\n"]}, '{"a":[1,null,true,"ñ\\n"]}'.encode()),
    ],
)
def test_amounts_are_written_plainly(value: Any, text: bytes) -> None:
    assert to_bytes(value) == text


def test_a_record_keeps_the_zeros_it_had() -> None:
    assert to_bytes({"a": Decimal("113.00")}, keep_zeros=True) == b'{"a":113.00}'


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), object(), {1, 2}])
def test_what_is_not_exact_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        to_bytes(value)


@given(st.decimals(min_value=0, max_value=10**11, places=8))
def test_every_amount_comes_back_as_it_was(amount: Decimal) -> None:
    text = to_bytes(amount)
    assert from_bytes(text) == amount
    assert b"E" not in text.upper()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"NaN",
        b"1e999",
        b"9" * 41,
        b'{"a":1,"a":2}',
        b"[" * 10_000,
        b"1e99999999999999999999",
        b"-Infinity",
    ],
)
def test_what_cannot_be_trusted_is_not_read(body: bytes) -> None:
    with pytest.raises(Unreadable):
        from_bytes(body)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert from_bytes(b"\xef\xbb\xbf{}") == {}
