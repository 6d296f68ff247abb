"""Sending what must not wait for a worker, because it says that there is none."""

import time

from django.conf import settings
from django.utils.timezone import now

from notifications.answers import Meaning
from notifications.services.send_message import claim_message, send_claimed_message


def send_urgent_messages() -> int:
    """Send the urgent messages that are due, within a drain's budget; return how many were handed over.

    Outside every transaction, and beside a worker that may be doing the same: a message is claimed before it leaves.
    """
    sent = 0
    stop_at = time.monotonic() + settings.DRAIN["budget"]
    while time.monotonic() < stop_at:
        message = claim_message(now(), only_urgent=True)
        if message is None:
            break
        meaning = send_claimed_message(message)
        if meaning is Meaning.BUSY:
            break
        sent += meaning is None
    return sent
