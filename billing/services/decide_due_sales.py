"""Decide the sales whose outcome is due, one after the other, for a while."""

import logging
from time import monotonic

from django.conf import settings
from django.utils.timezone import now

from billing.models import Sale
from billing.services.decide_sale import decide_sale
from billing.time_limit import time_limit, work_seconds

logger = logging.getLogger(__name__)

BATCH = 20


def decide_due_sales() -> int:
    """Decide due sales for the budget of a drain plus the last sale; return how many were tried.

    A sale that fails in a way nobody expected has recorded that itself, and does not stop the others.
    """
    end = monotonic() + settings.DRAIN["budget"]
    tried: set[int] = set()
    while monotonic() < end and (batch := _due_besides(tried)):
        for sale_id in batch:
            if monotonic() < end:
                tried.add(sale_id)
                _decide(sale_id)
    return len(tried)


def _due_besides(tried: set[int]) -> list[int]:
    # A sale that could not even be claimed is due still: once a drain is enough for it.
    due = Sale.objects.due(now()).exclude(pk__in=tried).order_by("next_at", "id")
    return list(due.values_list("pk", flat=True)[:BATCH])


def _decide(sale_id: int) -> None:
    try:
        with time_limit(work_seconds()):
            decide_sale(sale_id=sale_id)
    except Exception as error:
        # The class alone: messages of databases and of Stripe quote the data of customers.
        logger.error("Sale %s could not be decided: %s", sale_id, type(error).__name__, exc_info=False)
