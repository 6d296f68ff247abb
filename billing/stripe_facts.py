"""What a snapshot says about the buyer, flat: `{"customer.metadata.sv_nit": "0614-…", "session.locale": "es"}`.

The name of a fact is the object and field that a person finds at Stripe; it becomes the source in the provenance.
What rules ask besides (Radar's judgement, since when there is a customer, which products) is read here as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.stripe_shapes import Shape, dig, id_of, instant, product_of, rows

ADDRESS = ("country", "line1", "line2", "city", "state", "postal_code")
PERSON = ("business_name", "individual_name", "name", "email", "phone")
Fact = tuple[str, Any]


def facts_of(content: Shape) -> dict[str, str]:
    """Return every non-empty text about the buyer under its name; of several tax ids of one type the first."""
    found: dict[str, str] = {}
    for name, value in _facts(content):
        if isinstance(value, str) and value.strip():
            found.setdefault(name, value)
    return found


def _facts(content: Shape) -> Iterator[Fact]:
    yield "manual.document_kind", dig(content, "manual", "document_kind")
    intent: Shape = next(iter((content.get("intents") or {}).values()), {})
    yield from _invoice(content.get("invoice") or {})
    yield from _session(content.get("session") or {})
    yield from _custom_fields("signup_session", content.get("signup_session") or {})
    yield from _metadata("payment_intent", intent)
    yield "payment_intent.receipt_email", intent.get("receipt_email")
    yield from _details("charge.billing_details", dig(intent, "latest_charge", "billing_details") or {})
    customer = content.get("customer") or {}
    yield from _metadata("customer", customer)
    yield from _details("customer", customer)
    yield from _tax_ids("customer.tax_ids", customer.get("tax_ids"), "type")
    for locale in customer.get("preferred_locales") or []:
        yield f"customer.preferred_locales.{locale}", locale


def _invoice(invoice: Shape) -> Iterator[Fact]:
    yield from _metadata("invoice", invoice)
    yield from _metadata("subscription", dig(invoice, "parent", "subscription_details") or {})
    for field in ("name", "email", "phone"):
        yield f"invoice.customer_{field}", invoice.get(f"customer_{field}")
    yield from _address("invoice.customer_address", invoice.get("customer_address"))
    yield from _tax_ids("invoice.customer_tax_ids", invoice.get("customer_tax_ids"), "type")


def _session(session: Shape) -> Iterator[Fact]:
    yield from _metadata("session", session)
    yield from _custom_fields("session", session)
    yield "session.locale", session.get("locale")
    details = session.get("customer_details") or {}
    yield from _details("session.customer_details", details)
    yield from _tax_ids("session.customer_details.tax_ids", details.get("tax_ids"), "type")


def _metadata(name: str, holder: Shape) -> Iterator[Fact]:
    for key, value in (holder.get("metadata") or {}).items():
        yield f"{name}.metadata.{key}", value


def _custom_fields(name: str, session: Shape) -> Iterator[Fact]:
    """Checkout allows only letters and digits in the key of a custom field: `svnit` stands for `sv_nit`."""
    for field in rows(session.get("custom_fields")):
        key = str(field.get("key") or "").replace("_", "").lower()
        yield f"{name}.custom_fields.{key}", dig(field, str(field.get("type")), "value")


def _details(name: str, details: Shape) -> Iterator[Fact]:
    for field in PERSON:
        yield f"{name}.{field}", details.get(field)
    yield from _address(f"{name}.address", details.get("address"))


def _address(name: str, address: Any) -> Iterator[Fact]:
    if isinstance(address, Mapping):
        for field in ADDRESS:
            yield f"{name}.{field}", address.get(field)


def _tax_ids(name: str, tax_ids: Any, field: str) -> Iterator[Fact]:
    for row in rows(tax_ids):
        yield f"{name}.{row.get(field)}", row.get("value")


# What rules ask -------------------------------------------------------------------------------------------------------
RISKS = ("normal", "elevated", "highest")
"""Radar's levels from the least to the worst; `not_assessed` and `unknown` say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What Radar said of the charges of a sale: the worst of it. Empty and None where it did not say it of all."""

    level: str = ""
    score: int | None = None


def risk_of(content: Shape) -> Risk:
    """Return what Radar said about the payments of a snapshot; the worst level counts even beside an unjudged one."""
    outcomes = [dig(charge, "outcome") or {} for charge in _charges(content)]
    levels = [str(outcome.get("risk_level") or "") for outcome in outcomes]
    scores = [score for outcome in outcomes if isinstance(score := outcome.get("risk_score"), int)]
    known = [level for level in levels if level in RISKS]
    worst = max(known, key=RISKS.index, default="")
    return Risk(
        level=worst if len(known) == len(levels) or worst == RISKS[-1] else "",
        score=max(scores, default=None) if len(scores) == len(outcomes) else None,
    )


def _charges(content: Shape) -> list[Shape]:
    through = [dig(intent, "latest_charge") for intent in (content.get("intents") or {}).values()]
    found = [*through, *(content.get("charges") or {}).values()]
    return [charge for charge in found if isinstance(charge, Mapping)]


def customer_since(content: Shape) -> datetime | None:
    """Return when the customer was made at Stripe; None for a guest."""
    return instant(dig(content.get("customer"), "created"))


def is_overdue(content: Shape) -> bool | None:
    """Tell whether Stripe calls the customer delinquent; None for a guest."""
    found = dig(content.get("customer"), "delinquent")
    return found if isinstance(found, bool) else None


def products_of(content: Shape) -> set[str]:
    """Return the ids of the products that were bought."""
    lines = [*(content.get("lines") or []), *(content.get("session_lines") or [])]
    return {id_of(product_of(line)) for line in lines} - {""}
