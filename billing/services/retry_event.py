"""A person has an event processed again that was given up."""

import logging
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from billing.errors import NothingToRepeat
from billing.models import InboundEvent
from smartbill.permissions import require

logger = logging.getLogger(__name__)


def retry_event(event: InboundEvent, *, actor: Any) -> None:
    """Give a dead event, or one whose mirror was given up, all its attempts again.

    Raises PermissionDenied and NothingToRepeat. Unusable bytes stay what they are: there is nothing to process.
    """
    require(actor, "billing.retry_inboundevent")
    given_up = Q(state=InboundEvent.State.DEAD) | Q(state=InboundEvent.State.DONE, mirrored_at=None)
    row = InboundEvent.objects.filter(given_up, pk=event.pk)
    if not row.update(state=InboundEvent.State.RETRY, attempts=0, next_at=now(), lease_until=None):
        raise NothingToRepeat
    event.refresh_from_db()
    logger.info("Event %s is to be processed again by the wish of user %s.", event.pk, getattr(actor, "pk", None))
