"""A person sends a message again, to the same or another address."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from notifications.emails import checked_recipient
from notifications.errors import OnItsWay
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.permissions import RESEND, require, require_reason
from notifications.services.queue_message import queue_message

REPEAT_WINDOW = timedelta(minutes=1)


def resend_message(
    message: Message, *, actor: Any, reason: str, recipient: str = "", context: Mapping[str, Any] | None = None
) -> Message:
    """Queue the same values, or those of `context`, as a new row with the next number; what failed before is closed.

    Raises OnItsWay while the newest of the series is unsent, and for a minute after it: a double click is one mail.
    """
    require(actor, RESEND)
    reason = require_reason(reason)
    address = checked_recipient(recipient or message.recipient)
    with transaction.atomic():
        series = Message.objects.filter(reference=message.reference, template=message.template)
        # The first row is the lock of its series: two people take different numbers, one after the other.
        series.order_by("number").select_for_update()[:1].get()
        newest = series.latest("number")
        repeated = newest.number > 1 and newest.recipient == address and now() - newest.created_at < REPEAT_WINDOW
        if newest.status in {Status.QUEUED, Status.SENDING} or repeated:
            raise OnItsWay
        return queue_message(
            reference=message.reference,
            template=message.template,
            language=message.language,
            recipient=address,
            context=message.context if context is None else context,
            actor=actor,
            reason=reason,
            number=newest.number + 1,
        )
