"""The corrections that are due, one after the other, for the budget of a drain; a defect of one stops no other."""

import logging
from datetime import timedelta
from time import monotonic

from django.conf import settings
from django.utils.timezone import now

from billing.models import Correction
from billing.services.pursue_correction import pursue_correction
from billing.time_limit import time_limit, work_seconds

logger = logging.getLogger(__name__)

BATCH = 50
AFTER_DEFECT = timedelta(minutes=15)


def pursue_due_corrections() -> int:
    """Pursue each case at most once; return how many were looked at."""
    deadline = monotonic() + settings.DRAIN["budget"]
    tried: set[int] = set()
    while monotonic() < deadline and (batch := _due(tried)):
        for key in batch:
            if monotonic() >= deadline:
                break
            tried.add(key)
            try:
                with time_limit(work_seconds()):
                    pursue_correction(correction_id=key)
            except Exception as error:
                # The class alone: messages of databases quote the data of customers.
                logger.error("Correction %s failed: %s", key, type(error).__name__, exc_info=False)
                # Looked at again, but not each second, and only where nobody moved it meanwhile.
                Correction.objects.due(now()).filter(pk=key).update(next_at=now() + AFTER_DEFECT)
    return len(tried)


def _due(tried: set[int]) -> list[int]:
    due = Correction.objects.due(now()).exclude(pk__in=tried).order_by("next_at", "id")
    return list(due.values_list("pk", flat=True)[:BATCH])
