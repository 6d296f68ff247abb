"""A sale in another currency: the converted total is the sum of the converted lines, and the rate explains it alone."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.conversion import converted
from billing.rates import Quote
from billing.rules import Held, decide
from smartbill.drafts import Draft
from smartbill.errors import Problem
from smartbill.providers import provider_for
from tests.billing import shapes
from tests.factories.smartbill import IssuerFactory
from tests.money.invoices import charged
from tests.money.proof import prove

ISSUER = IssuerFactory.build(pk=7, rate_day="payment", rounding="line")


def quote(rate="1.0837", currency="EUR"):
    return Quote(currency=currency, into="USD", rate=Decimal(rate), on=date(2026, 11, 20), source="BCE")


def draft_of(lines, rate="1.0837", currency="eur", **changes):
    content = shapes.of_invoice(shapes.invoice(lines, currency=currency, **changes))
    return decide(content, issuer=ISSUER, source="invoice:in_1", quote=quote(rate, currency.upper()))


def test_both_amounts_and_the_rate_are_kept():
    draft = draft_of([shapes.included(10000)])
    assert (draft.currency, draft.total) == ("USD", Decimal("108.37"))
    found = draft.conversion
    assert (found.currency, found.total, found.rate) == ("EUR", Decimal("100.00"), Decimal("1.0837"))
    assert (found.on, found.source) == (date(2026, 11, 20), "BCE")
    assert [payment.amount for payment in draft.payments] == [Decimal("108.37")]
    assert draft.provenance["conversion.rate"].raw == "1 EUR = 1.0837 USD (2026-11-20)"
    assert Draft.from_json(draft.as_json()) == draft


def test_the_lines_share_the_total_by_the_largest_remainder_and_say_who_took_the_cent():
    draft = draft_of([shapes.included(1000), shapes.included(1000), shapes.included(1000)], rate="1.0837")
    assert draft.total == Decimal("32.51")
    assert [line.total for line in draft.lines] == [Decimal("10.84"), Decimal("10.84"), Decimal("10.83")]
    assert [line.charged for line in draft.lines] == [Decimal("10.00")] * 3
    assert [(row.line, row.amount, row.cause) for row in draft.residuals] == [
        (0, Decimal("0.01"), "rate"),
        (1, Decimal("0.01"), "rate"),
    ]


def test_a_tax_that_was_added_is_contained_after_the_conversion_and_keeps_its_proportion():
    (line,) = draft_of([shapes.added(10000, discount=0)]).lines
    assert (line.total, line.tax, line.tax_inclusive) == (Decimal("122.46"), Decimal("14.09"), True)


def test_a_discount_is_converted_with_its_line():
    (line,) = draft_of([shapes.included(10000, discount=2500)]).lines
    assert (line.subtotal, line.discount, line.total) == (Decimal("108.37"), Decimal("27.09"), Decimal("81.28"))


@pytest.mark.parametrize(
    ("currency", "amount", "rate", "total"),
    [("jpy", 10000, "0.0067", "67.00"), ("kwd", 12340, "3.25", "40.11"), ("gbp", 1, "1.27", "0.01")],
)
def test_currencies_of_other_decimals(currency, amount, rate, total):
    lines = [shapes.line(amount, metadata={"tax_class": "standard"})]
    assert draft_of(lines, rate, currency).total == Decimal(total)


@given(st.integers(0, 10**9), st.decimals("0.0001", "9.9999", places=4))
def test_the_total_differs_from_the_charged_one_by_the_rate_alone(number, rate):
    sold = charged(number % 100_000, currency="eur")
    draft = decide(sold.content, issuer=ISSUER, source="invoice:in_1", quote=quote(rate))
    if not isinstance(draft, Draft) or draft.conversion is None:
        return
    assert draft.total == (draft.conversion.total * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert draft.conversion.total == Decimal(sold.total).scaleb(-2)
    if not draft.held_because:
        assert sum(line.total for line in draft.lines) == draft.total
        assert sum(payment.amount for payment in draft.payments) == draft.total
        assert sum(line.charged for line in draft.lines) == draft.conversion.total


def test_the_document_of_a_converted_invoice_agrees_to_the_cent():
    issued = 0
    for number in range(1_000):
        outcome = prove(charged(number, currency="eur"), ISSUER, number, quote=quote())
        issued += outcome.word == "issued"
    assert issued > 700


def test_a_negative_line_stays_in_the_currency_that_was_charged():
    lines = [shapes.included(10000), shapes.line(-500, metadata={"tax_class": "exempt"})]
    draft = draft_of(lines)
    assert (draft.currency, draft.conversion) == ("EUR", None)
    assert {problem.code for problem in provider_for(ISSUER).problems(draft)} >= {"negative_line", "currency"}


def test_without_a_rate_the_sale_is_held_with_the_reason():
    content = shapes.of_invoice(shapes.invoice([shapes.included(10000)], currency="eur"))
    why = Problem("currency", "rate_missing", "No rate.")
    assert decide(content, issuer=ISSUER, source="x", quote=why) == Held(reasons=[why])
    assert [reason.code for reason in decide(content, issuer=ISSUER, source="x").reasons] == ["other_currency"]


def test_a_draft_without_payments_is_converted():
    draft = draft_of([shapes.included(10000)])
    again = converted(
        Draft.from_json({**draft.as_json(), "currency": "EUR", "payments": [], "conversion": None}), quote()
    )
    assert again.payments == ()
