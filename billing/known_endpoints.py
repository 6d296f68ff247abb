"""Endpoints as this process read them last: deliveries in a row do not ask the database for the same one each.

To find an endpoint and open its secrets costs a delivery a third of its time. What changes about it counts at once
where it lets more pass (a new secret), and after `STRIPE_ENDPOINT_KEPT` seconds where it lets less pass.
"""

from time import monotonic
from uuid import UUID

from django.conf import settings

from billing.models import StripeEndpoint

_kept_until: dict[UUID, tuple[float, StripeEndpoint]] = {}


def endpoint_at(uuid: UUID) -> tuple[StripeEndpoint | None, bool]:
    """Return the endpoint of an address, and whether the database was asked just now.

    It is not to be changed: other threads have the same one in hand.
    """
    until, kept = _kept_until.get(uuid, (0.0, None))
    return (kept, False) if monotonic() < until else (read_anew(uuid), True)


def read_anew(uuid: UUID) -> StripeEndpoint | None:
    """Return the endpoint as the database has it now; an address that is nobody's is not kept."""
    found = StripeEndpoint.objects.at(uuid)
    if found is None:
        _kept_until.pop(uuid, None)
    else:
        _kept_until[uuid] = (monotonic() + settings.STRIPE_ENDPOINT_KEPT, found)
    return found
