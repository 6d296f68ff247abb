"""Storing where Stripe delivers events; the signing secrets are written and never read back."""

from typing import Any

from django.utils.translation import gettext as _

from billing.errors import PreconditionFailed
from billing.models import StripeEndpoint
from smartbill.permissions import require


def save_endpoint(endpoint: StripeEndpoint, *, secrets: str, actor: Any) -> StripeEndpoint:
    """Store a new endpoint, or the changes to one; empty `secrets` keep those that are stored."""
    require(actor, "billing.change_stripeendpoint" if endpoint.pk else "billing.add_stripeendpoint")
    if secrets.strip():
        endpoint.secrets = secrets.strip()
    elif not endpoint.pk:
        raise PreconditionFailed(_("Enter the signing secret."))
    endpoint.save()
    return endpoint
