"""What a person found out about the contingency event that the provider files with the authority."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed
from smartbill.models import Outage, OutageFiling
from smartbill.permissions import require


def record_filing(outage: Outage, *, actor: Any, filed_at: datetime, number: str, note: str = "") -> OutageFiling:
    """Record when the authority sealed the contingency event and under which number; a later record replaces it.

    Also after the outage is closed: its report must be right. Raises PreconditionFailed for a time that cannot be.
    """
    require(actor, "smartbill.record_outage_filing")
    number = number.strip()
    if not number:
        raise PreconditionFailed(_("State the number or the seal of the event."))
    if filed_at > now():
        raise PreconditionFailed(_("The event cannot have been sealed in the future."))
    if filed_at < outage.first_evidence_at:
        raise PreconditionFailed(_("The event cannot have been sealed before the first document without a seal."))
    with transaction.atomic():
        filing = OutageFiling.objects.create(
            outage=outage, filed_at=filed_at, number=number, note=note.strip(), actor=actor
        )
        Outage.objects.open().filter(pk=outage.pk).update(check_at=now())
    return filing
