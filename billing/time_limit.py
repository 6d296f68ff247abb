"""How long one piece of work may go on asking Stripe, so that its task ends by itself and is never cut off."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from django.conf import settings

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


def work_seconds() -> float:
    """Return how long a piece of work may last that a drain took up at the very end of its budget.

    Its last call may begin then and take STRIPE_TIMEOUT more, which the margin covers.
    """
    seconds = settings.Q_CLUSTER["timeout"] - settings.DRAIN["margin"] - settings.DRAIN["budget"]
    return float(max(seconds, settings.STRIPE_TIMEOUT))


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let no call to Stripe begin later than so many seconds from now; a shorter limit around it stays."""
    token = _deadline.set(min(_deadline.get(), monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def time_is_up() -> bool:
    """Whether the limit around us has passed."""
    return monotonic() >= _deadline.get()
