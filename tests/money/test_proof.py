"""What Stripe charged, the lines, our total and the authority's are one figure, over invoices as shops have them.

A small part here; `make money` runs 100,000 of the same.
"""

import pytest

from smartbill.models import Issuer
from tests.factories.smartbill import IssuerFactory
from tests.money.invoices import charged
from tests.money.proof import prove, schema_complaints

INVOICES = 3_000
EVERY = 20


@pytest.mark.parametrize("rounding", [Issuer.Rounding.HOLD, Issuer.Rounding.LINE])
def test_every_invoice_agrees_to_the_cent_or_is_held_with_its_reason(rounding: str) -> None:
    issuer = IssuerFactory.build(pk=7, rounding=rounding)
    words, marks = {"issued": 0, "held": 0, "none": 0}, set()
    for number in range(INVOICES):
        sold = charged(number)
        outcome = prove(sold, issuer, number)
        words[outcome.word] += 1
        marks |= sold.marks if outcome.word == "issued" else set()
        if outcome.document and number % EVERY == 0:
            assert schema_complaints(outcome.document) == [], number
    assert words["issued"] > INVOICES * 0.7
    assert marks >= {"factura", "ccf", "export", "inclusive", "exclusive", "mixed", "usage", "measured", "proration"}
    assert marks >= {"line_discount", "invoice_discount", "exempt", "not_subject", "shipping", "tax_rounded_once"}
    assert marks >= {"checkout", "bare_payment", "two_payments"}
