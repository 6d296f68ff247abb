from decimal import Decimal

import pytest
from django.utils import translation

from config.admin import amount, badge, code, mode_badge, moment, pretty_json, two_lines

HOSTILE = '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    ("value", "currency", "language", "text"),
    [
        ("10", "USD", "en", "10.00 USD"),
        ("12480.5", "USD", "en", "12,480.50 USD"),
        ("12480.500", "USD", "es", "12,480.50 USD"),
        ("12480.50", "RON", "ro", "12.480,50 RON"),
        ("1000", "JPY", "en", "1,000 JPY"),
        ("1000", "jpy", "en", "1,000 JPY"),
        ("1.125", "USD", "en", "1.125 USD"),
        ("0", "USD", "en", "0.00 USD"),
        ("-5.10", "usd", "en", "-5.10 USD"),
        ("7", "", "en", "7.00"),
    ],
)
def test_an_amount_reads_in_units_with_its_decimals_and_currency(
    value: str, currency: str, language: str, text: str
) -> None:
    with translation.override(language):
        assert amount(Decimal(value), currency) == text


def test_no_amount_is_a_dash() -> None:
    assert amount(None, "USD") == "–"


def test_test_and_live_are_words() -> None:
    assert mode_badge(True) == '<span class="badge badge-live" title="">LIVE</span>'
    assert mode_badge(False) == '<span class="badge badge-test" title="">TEST</span>'


@pytest.mark.parametrize(
    "shown",
    [badge(HOSTILE, "bad", title=HOSTILE), code(HOSTILE), two_lines(HOSTILE, HOSTILE), pretty_json({HOSTILE: HOSTILE})],
)
def test_hostile_text_stays_text(shown: str) -> None:
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_nothing_is_a_dash() -> None:
    assert (code(""), moment(None)) == ("–", "–")
