from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.drafts import draft_from_snapshot
from billing.profiles import NOBODY, Entry, Profile
from billing.rates import Quote
from billing.rule_conditions import FACTS
from billing.rule_facts import Past, facts_from
from billing.rules import decide
from billing.stripe_facts import Risk, risk_of
from smartbill.drafts import Draft
from tests.billing import shapes
from tests.factories.smartbill import IssuerFactory

GOLD = Profile(entries={"segment": Entry(value="Gold", raw="Gold", source="staff")})
PAST = Past(sales=3, amount=Decimal(50), reversals=1, sales_of_day=2, amount_of_day=Decimal(20))


def facts(content: Any = None, *, profile: Profile = NOBODY, past: Past | None = None) -> dict[str, Any]:
    content = content or shapes.of_invoice(shapes.invoice([shapes.included(11300)]))
    draft = draft_from_snapshot(content, issuer=IssuerFactory.build(pk=7), source="invoice:in_1", profile=profile)
    return facts_from(content, draft, profile=profile, past=past)


def judged(*outcomes: Any) -> dict[str, Any]:
    return {"intents": {f"pi_{n}": {"latest_charge": {"outcome": each}} for n, each in enumerate(outcomes)}}


def test_every_fact_is_there_known_or_not() -> None:
    assert set(facts()) == set(FACTS)


def test_what_a_sale_says() -> None:
    customer = shapes.customer(created=shapes.PAID_AT - 86_400 * 30 - 5, delinquent=True, address={"country": "SV"})
    line = shapes.included(11300, quantity=4, quantity_decimal="4")
    found = facts(shapes.of_invoice(shapes.invoice([line], customer=customer)), profile=GOLD, past=PAST)
    assert found == {
        "amount": Decimal("113.00"),
        "currency": ("usd",),
        "country": ("sv",),
        "kind": ("factura",),
        "segment": ("gold",),
        "overdue": ("yes",),
        "customer_days": Decimal(30),
        "sales_before": Decimal(3),
        "amount_before": Decimal(50),
        "reversals_before": Decimal(1),
        "sales_of_day": Decimal(3),
        "amount_of_day": Decimal("133.00"),
        "products": ("prod_1",),
        "lines": Decimal(1),
        "largest_quantity": Decimal(4),
        "payment_method": ("card_credit",),
        "risk_level": None,
        "risk_score": None,
    }


def test_amounts_are_those_of_the_issuers_currency_and_the_word_is_the_charged_one() -> None:
    content = shapes.of_invoice(shapes.invoice([shapes.included(10000)], currency="eur"))
    rate = Quote(currency="EUR", into="USD", rate=Decimal("1.5"), on=date(2026, 11, 20), source="BCE")
    draft = decide(content, issuer=IssuerFactory.build(pk=7), source="invoice:in_1", quote=rate)
    assert isinstance(draft, Draft)
    found = facts_from(content, draft, profile=NOBODY, past=PAST)
    assert (found["amount"], found["currency"], found["amount_of_day"]) == (150, ("eur",), 170)


def test_of_a_guest_nothing_is_assumed() -> None:
    intent = shapes.intent(500, description="Taller", metadata={"tax_class": "standard"})
    found = facts(shapes.of_intent(intent))
    unknown = {name for name, value in found.items() if value is None}
    assert unknown >= {"country", "segment", "overdue", "customer_days", "sales_before", "sales_of_day", "products"}


@pytest.mark.parametrize(
    ("outcomes", "risk"),
    [
        ([{"risk_level": "elevated", "risk_score": 70}], Risk(level="elevated", score=70)),
        ([{"risk_level": "normal"}, {"risk_level": "highest"}], Risk(level="highest")),
        ([{"risk_level": "normal", "risk_score": 3}, {"risk_level": "not_assessed"}], Risk()),
        ([{"risk_level": "highest"}, None], Risk(level="highest")),
        ([{"risk_level": "unknown"}], Risk()),
        ([], Risk()),
    ],
)
def test_radars_worst_judgement_counts_and_a_missing_one_is_missing(outcomes: Any, risk: Risk) -> None:
    assert risk_of(judged(*outcomes)) == risk
