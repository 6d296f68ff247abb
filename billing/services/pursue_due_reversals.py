"""Work off what is due of reversals: ask Stripe for those of a sale, and bring each one further."""

import logging
from collections.abc import Callable
from time import monotonic

from django.conf import settings
from django.utils.timezone import now

from billing.models import Reversal, Sale
from billing.services.find_reversals import find_reversals
from billing.services.pursue_reversal import pursue_reversal
from billing.time_limit import time_limit, work_seconds

logger = logging.getLogger(__name__)

BATCH = 50


def pursue_due_reversals() -> int:
    """Search and pursue for the budget of a drain; return how many steps were taken, each row at most once."""
    deadline = monotonic() + settings.DRAIN["budget"]
    searched = _each(_sales_to_search, lambda key: find_reversals(sale_id=key), deadline)
    return searched + _each(_reversals_due, lambda key: pursue_reversal(reversal_id=key), deadline)


def _each(due: Callable[[set[int]], list[int]], work: Callable[[int], None], deadline: float) -> int:
    tried: set[int] = set()
    while monotonic() < deadline and (batch := due(tried)):
        for key in batch:
            if monotonic() >= deadline:
                break
            tried.add(key)
            try:
                with time_limit(work_seconds()):
                    work(key)
            except Exception as error:
                # The class alone: messages of databases and of Stripe quote the data of customers.
                logger.error("Reversals: %s failed: %s", key, type(error).__name__, exc_info=False)
    return len(tried)


def _sales_to_search(tried: set[int]) -> list[int]:
    due = Sale.objects.to_search(now()).exclude(pk__in=tried).order_by("search_at", "id")
    return list(due.values_list("pk", flat=True)[:BATCH])


def _reversals_due(tried: set[int]) -> list[int]:
    due = Reversal.objects.due(now()).exclude(pk__in=tried).order_by("next_at", "id")
    return list(due.values_list("pk", flat=True)[:BATCH])
