"""Rules of an issuer, and sales that they hold, made the way a decision makes them."""

from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.utils.timezone import now

from billing.drafts import draft_from_snapshot
from billing.models import Approval, Rule, Sale, Snapshot, StripeEndpoint
from billing.profiles import NOBODY
from billing.services.screen_sale import Screened, screen_sale
from smartbill.models import Issuer
from tests.billing import shapes
from tests.factories.billing import SaleFactory, StripeEndpointFactory
from tests.factories.people import make_staff

_numbers = count(1)
LARGE = {"fact": "amount", "operator": "above", "value": ["100"]}
"""A condition that a sale of 113.00 meets."""


def make_rule(issuer: Issuer, *conditions: dict[str, Any], author: User | None = None, **changes: Any) -> Rule:
    """Return a rule that is on and holds what is above 100.00."""
    values: dict[str, Any] = {
        "name": "Large sale",
        "action": "hold",
        "state": "on",
        "version": 1,
        "simulated_version": 1,
        "conditions": list(conditions) or [LARGE],
    }
    if changes.get("action") in ("terms", "kind"):
        values["if_unknown"] = "skip"
    return Rule.objects.create(issuer=issuer, author=author or make_staff(), **{**values, **changes})


def make_sale(issuer: Issuer, *, amount: int = 11300, number: int = 0, content: Any = None, **columns: Any) -> Sale:
    """Return a paid sale with its snapshot, as it stands when it is decided."""
    number = number or next(_numbers)
    if content is None:
        pay = shapes.payment(amount, reference=f"pi_{number}")
        paid = {"object": "list", "data": [pay], "has_more": False}
        content = shapes.of_invoice(shapes.invoice([shapes.included(amount)], id=f"in_s{number}", payments=paid))
    endpoint = StripeEndpoint.objects.filter(issuer=issuer).first() or StripeEndpointFactory.create(issuer=issuer)
    sale: Sale = SaleFactory.create(
        key=f"invoice:in_s{number}",
        endpoint=endpoint,
        **{"customer_id": "cus_1", "number": f"ACME-{number}", "outcome": "pending", **columns},
    )
    Snapshot.objects.create(sale=sale, content=content, api_version="x", sha256="0" * 64)
    return sale


def screen(sale: Sale, *, profile: Any = NOBODY) -> Screened:
    """Ask the rules about a sale as a decision does."""
    content, issuer = sale.snapshot.content, sale.endpoint.issuer

    def redraft(kind: str = "") -> Any:
        return draft_from_snapshot(content, issuer=issuer, source=sale.key, profile=profile, chosen=kind)

    return screen_sale(sale, content, redraft(), profile=profile, redraft=redraft)


def make_approval(issuer: Issuer, *, amount: int = 11300, **rule: Any) -> Approval:
    """Return the open approval of a held sale."""
    make_rule(issuer, **rule)
    sale = make_sale(issuer, amount=amount)
    problems = screen(sale).problems
    Sale.objects.filter(pk=sale.pk).update(
        outcome="held", reasons=[each.as_json() for each in problems], next_at=None, paid_at=now()
    )
    return sale.approvals.get()
