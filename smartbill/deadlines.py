"""How long a call may last."""

from datetime import timedelta

from django.conf import settings


def longest_call() -> timedelta:
    """Return how long a call may last, with a margin: after it, nobody is at work on what was claimed."""
    seconds = settings.SMARTBILL_CONNECT_TIMEOUT + settings.SMARTBILL_READ_TIMEOUT + settings.DRAIN["margin"]
    return timedelta(seconds=seconds)
