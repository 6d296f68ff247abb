"""One invoice, all the way: what Stripe charged, the draft, our arithmetic and the document that the stand-in compiles.

The stand-in's compiler is written from the authority's rules and not from our payload, so that a mistake shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.rules import Held, NotApplicable, decide
from smartbill.drafts import Draft
from smartbill.models import Issuer
from smartbill.providers import provider_for
from smartbill.providers.el_salvador.sandbox import jsonio
from smartbill.providers.el_salvador.sandbox.accounts import DEMO_ACCOUNT
from smartbill.providers.el_salvador.sandbox.clock import FISCAL_ZONE
from smartbill.providers.el_salvador.sandbox.compiler import Compiled, Identity, compile_order
from smartbill.providers.el_salvador.sandbox.legacy import to_legacy
from smartbill.providers.el_salvador.sandbox.order import DTE_TYPES
from smartbill.providers.el_salvador.sandbox.schemas import LEGACY, V2, schema_errors
from smartbill.providers.el_salvador.sandbox.validation import Strictness, read_order
from tests.money.invoices import Charged

ASKED_FROM = Decimal("1095.00")
ROUTES = {"factura": "factura", "ccf": "ccf", "export": "fex"}
LAWFUL = {
    "rate_not_standard": "foreign_rate",
    "other_tax": "",
    "several_taxes": "two_rates_on_a_line",
    "tax_treatment_unclear": "zero_rated",
    "tax_on_untaxed_line": "",
    "unknown_tax_class": "",
    "tax_missing": "",
    "negative_line": "proration",
    "negative_total": "proration",
    "quantity": "",
    "total_unreachable": "ccf",
    "credit_without_line": "proration",
    "negative_discount": "proration",
    "currency": "proration",
    "identity_required": "",
}
"""Why an invoice of the generator may be held, and the mark that it must bear for that reason; empty: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`issued`, `held` or `none`; `codes` say why it is held, `document` is what the stand-in compiled."""

    word: str
    codes: Sequence[str] = ()
    document: Compiled | None = None


def prove(sold: Charged, issuer: Issuer, number: int, **given: Any) -> Outcome:
    """Follow an invoice to its document, or raise AssertionError where one figure differs from another."""
    decision = decide(sold.content, issuer=issuer, source=f"invoice:in_{number}", **given)
    if isinstance(decision, NotApplicable):
        assert sold.total == 0, number
        return Outcome(word="none")
    if isinstance(decision, Held):
        return _held(sold, [reason.code for reason in decision.reasons], number)
    assert isinstance(decision, Draft), number
    provider = provider_for(issuer)
    problems = provider.problems(decision)
    if problems:
        for problem in problems:
            if problem.code == "total_unreachable":
                assert str(decision.total) in str(problem.message), number
        return _held(sold, [problem.code for problem in problems], number)
    return Outcome(word="issued", document=_agreed(sold, decision, issuer, number))


def _held(sold: Charged, codes: Sequence[str], number: int) -> Outcome:
    for code in codes:
        assert code in LAWFUL, f"{number}: {code}"
        assert not LAWFUL[code] or LAWFUL[code] in sold.marks, f"{number}: {code} without {LAWFUL[code]}"
    return Outcome(word="held", codes=tuple(codes))


def _agreed(sold: Charged, draft: Draft, issuer: Issuer, number: int) -> Compiled:
    if draft.conversion is None:
        assert draft.total == Decimal(sold.total).scaleb(-2), number
    assert sum(line.total for line in draft.lines) == draft.total, number
    assert sum(payment.amount for payment in draft.payments) == draft.total, number
    assert draft.kind == sold.kind, number
    made = compiled(draft, issuer)
    summary = made.document["resumen"]
    assert made.totals.to_pay == summary["totalPagar"] == draft.total, f"{number}: {made.totals.to_pay}"
    assert sum(pay["montoPago"] for pay in summary["pagos"]) == draft.total, number
    return made


def compiled(draft: Draft, issuer: Issuer) -> Compiled:
    """Return what the stand-in makes of the very bytes that would be sent; it refuses what breaks the API's rules."""
    request = provider_for(issuer).submission(draft, "PROOF")
    kind = ROUTES[draft.kind]
    order = read_order(kind, jsonio.loads(request.body)["dteJson"], Strictness(generation=V2))
    identity = Identity(
        code="AAAA0001-0000-4000-8000-000000000001",
        control_number=f"DTE-{DTE_TYPES[kind]}-M001P001-000000000000001",
        issued_at=datetime(2026, 12, 1, 18, tzinfo=UTC).astimezone(FISCAL_ZONE),
    )
    return compile_order(order, DEMO_ACCOUNT, identity)


def schema_complaints(made: Compiled) -> list[str]:
    """Return what the authority's schemas of both generations have against a document, as it is read from its bytes."""
    document_type = made.document["identificacion"]["tipoDte"]
    found = []
    # The older schema wants an identity from 1,095 dollars, which no issuer may demand: a known contradiction.
    anonymous = document_type == "01" and made.document["receptor"]["numDocumento"] is None
    for generation in (V2,) if anonymous and made.totals.to_pay >= ASKED_FROM else (V2, LEGACY):
        document = made.document if generation == V2 else to_legacy(made.document, DEMO_ACCOUNT)
        found += schema_errors(generation, document_type, jsonio.loads(jsonio.dumps(document).encode()))
    return found
