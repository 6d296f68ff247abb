"""The facts of a sale as rules read them: from its draft, its snapshot, its buyer's profile and past. Without I/O.

What is not known is None, and nobody has to guess: a guest has no past, a bank transfer no risk level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.profiles import Profile
from billing.rule_conditions import FACTS, Value
from billing.stripe_facts import customer_since, is_overdue, products_of, risk_of
from smartbill.drafts import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What the customer did before, in the issuer's currency; a sum is None where a sale's worth is not known."""

    sales: int
    amount: Decimal | None
    reversals: int
    sales_of_day: int
    amount_of_day: Decimal | None


def facts_from(content: Mapping[str, Any], draft: Draft, *, profile: Profile, past: Past | None) -> dict[str, Value]:
    """Return every fact by name; `past` is None where the customer is nobody that Stripe knows."""
    risk = risk_of(content)
    found: dict[str, Value] = {
        "amount": draft.total,
        "currency": _word(draft.conversion.currency if draft.conversion else draft.currency),
        "country": _word(draft.party.address.country),
        "kind": _word(draft.kind),
        "segment": _word(profile.value("segment")),
        "products": tuple(sorted({*products_of(content), *(line.code for line in draft.lines)} - {""})) or None,
        "lines": Decimal(len(draft.lines)),
        "largest_quantity": max((line.quantity for line in draft.lines), default=None),
        "payment_method": tuple(sorted({payment.method for payment in draft.payments})) or None,
        "risk_level": _word(risk.level),
        "risk_score": None if risk.score is None else Decimal(risk.score),
        **_of_customer(content, draft.occurred_at),
        **_of_past(past, draft.total),
    }
    return {name: found.get(name) for name in FACTS}


def _word(text: str) -> Value:
    return (text.casefold(),) if text else None


def _of_customer(content: Mapping[str, Any], at: datetime) -> dict[str, Value]:
    since, overdue = customer_since(content), is_overdue(content)
    return {
        "customer_days": None if since is None else Decimal(max(0, (at - since).days)),
        "overdue": None if overdue is None else ("yes" if overdue else "no",),
    }


def _of_past(past: Past | None, total: Decimal) -> dict[str, Value]:
    if past is None:
        return {}
    return {
        "sales_before": Decimal(past.sales),
        "amount_before": past.amount,
        "reversals_before": Decimal(past.reversals),
        "sales_of_day": Decimal(past.sales_of_day + 1),
        "amount_of_day": None if past.amount_of_day is None else past.amount_of_day + total,
    }
