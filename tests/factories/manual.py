"""Sales entered by hand, as the form hands them over."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from billing.manual import ManualLine, ManualSale
from billing.models import Sale, StripeEndpoint
from billing.services.decide_sale import decide_sale
from billing.services.enter_manual import Entered, enter_manual

PAID_AT = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
ANA = {"legal_name": "Ana López", "email": "ana@example.com", "country": "SV"}
RIGHTS = ["billing.add_manualentry", "billing.release_manualentry", "billing.answer_manualentry"]


def typed(endpoint: StripeEndpoint, *, price: str = "113.00", **changes: Any) -> Entered:
    """Return what a person typed: one service, tax included, paid in cash by Ana, expected at Stripe."""
    names = ("lines", "method", "kind", "customer_id", "extras", "paid_at", "payment_reference")
    about = {name: changes.pop(name) for name in names if name in changes}
    lines = (ManualLine(description="Plan Pro", quantity=Decimal(1), unit_price=Decimal(price)),)
    sale = ManualSale(**{"lines": lines, "paid_at": PAID_AT, "method": "cash", **about})
    entered = Entered(endpoint=endpoint, sale=sale, why="stripe_down", buyer=dict(ANA), expects_payment=True)
    return replace(entered, **changes)


def entered_sale(endpoint: StripeEndpoint, actor: Any, **changes: Any) -> Sale:
    """Return the sale of what was typed, decided."""
    sale = enter_manual(typed(endpoint, **changes), token=uuid4(), actor=actor)
    decide_sale(sale_id=sale.pk)
    sale.refresh_from_db()
    return sale
