from decimal import Decimal
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.sandbox.errors import StripeFault
from billing.sandbox.params import Params, decode
from billing.sandbox.shop import flat


def test_brackets_become_hashes_and_lists():
    text = "a[b][0][c]=1&a[b][1][c]=2&expand[]=x&expand[]=y&z="
    assert decode(text) == {"a": {"b": [{"c": "1"}, {"c": "2"}]}, "expand": ["x", "y"], "z": ""}


def test_numbered_metadata_stays_a_hash():
    assert decode("metadata[0]=a&data[metadata][1]=b") == {"metadata": {"0": "a"}, "data": {"metadata": {"1": "b"}}}


def test_a_value_that_is_also_a_hash_is_refused():
    with pytest.raises(StripeFault, match="both a value and a hash"):
        decode("a=1&a[b]=2")


def test_endless_nesting_is_refused():
    with pytest.raises(StripeFault, match="nested too deeply"):
        decode("a" + "[b]" * 50 + "=1")


keys = st.text(alphabet="abcdefgh_", min_size=1, max_size=5)
values = st.recursive(
    st.text(min_size=1, max_size=8),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(keys, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(keys, values, max_size=4))
def test_what_a_client_flattens_is_read_back(params):
    assert decode(urlencode(flat(params))) == params


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda params: params.integer("word"), "Invalid integer: x"),
        (lambda params: params.decimal("word"), "Invalid decimal: x"),
        (lambda params: params.flag("word"), "Invalid boolean: x"),
        (lambda params: params.needed("nothing"), "Missing required param: nothing."),
        (lambda params: params.child("word"), "Invalid object: word"),
        (lambda params: params.children("word"), "Invalid array: word"),
        (lambda params: params.texts("hashes"), "Invalid array: hashes"),
        (lambda params: params.text("hashes"), "Invalid string: hashes"),
        (lambda params: params.choice("word", ("a", "b"), "a"), "must be one of a, b"),
        (lambda params: params.refuse_others(("word",)), "Received unknown parameter: hashes"),
    ],
)
def test_a_wrong_value_is_named(call, message):
    with pytest.raises(StripeFault, match=message) as caught:
        call(Params({"word": "x", "hashes": [{}]}))
    assert caught.value.status == 400


def test_values_are_read_by_their_type():
    params = Params({"n": "-12", "d": "1.50", "yes": "true", "empty": "", "list": ["a"], "rows": [{"a": "1"}]})
    assert (params.integer("n"), params.decimal("d"), params.flag("yes")) == (-12, Decimal("1.50"), True)
    assert (params.text("empty"), params.has("empty"), params.texts("list")) == (None, True, ["a"])
    assert params.children("rows")[0].name("a") == "rows[0][a]"
