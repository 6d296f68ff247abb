"""Reminders and deadlines of the questions to customers, worked off from the table."""

import logging
from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.utils.timezone import now

from billing.models import TaxRequest
from billing.services.ask_for_tax_data import advance_request

logger = logging.getLogger(__name__)

BATCH = 50
AFTER_DEFECT = timedelta(minutes=15)


def advance_due_requests() -> int:
    """Advance what is due for the budget of a drain; return how many were tried. One that fails waits alone."""
    end = monotonic() + settings.DRAIN["budget"]
    done = 0
    while monotonic() < end:
        due = TaxRequest.objects.due(now()).order_by("next_at", "id").values_list("pk", flat=True)
        batch = list(due[:BATCH])
        if not batch:
            break
        for request_id in batch:
            _advance(request_id)
        done += len(batch)
    return done


def _advance(request_id: int) -> None:
    try:
        advance_request(request_id=request_id)
    except Exception as error:
        logger.error("Request %s could not be advanced: %s", request_id, type(error).__name__, exc_info=False)
        TaxRequest.objects.open().filter(pk=request_id).update(next_at=now() + AFTER_DEFECT)
