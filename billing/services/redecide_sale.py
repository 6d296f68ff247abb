"""A person has a held sale decided again, after mending what held it at Stripe or in the settings."""

from typing import Any

from billing.errors import NotHeld
from billing.models import Sale
from billing.services.register_sale import take_up
from smartbill.permissions import require, require_reason


def redecide_sale(sale: Sale, *, actor: Any, reason: str) -> None:
    """Put a held sale back on the way: Stripe is read again, and a new snapshot replaces the old one.

    Raises PermissionDenied, ReasonMissing, or NotHeld when the sale has another outcome.
    """
    require(actor, "billing.retry_sale")
    if not take_up(sale, actor=actor, reason=require_reason(reason)):
        raise NotHeld
