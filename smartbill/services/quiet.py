"""From when on a look-up that finds nothing means that there is nothing: before, the provider may still be at work."""

from datetime import datetime

from smartbill.models import Attempt, Issuer, Outage
from smartbill.providers import provider_for


def quiet_until(attempt: Attempt, issuer: Issuer) -> datetime:
    """Return the end of the provider's quiet period after the attempt's deadline, which is longer in a contingency."""
    in_contingency = Outage.objects.open().filter(issuer=issuer).exists()
    return attempt.deadline_at + provider_for(issuer).quiet_period(in_contingency=in_contingency)
