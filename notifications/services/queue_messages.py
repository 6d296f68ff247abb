"""Putting many first messages into the outbox with two statements."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.timezone import now

from notifications.emails import checked_context, supported_language
from notifications.lifecycle import Status
from notifications.models import Message, MessageEvent
from notifications.services.queue_message import usable_address


def queue_messages(orders: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Queue the first mail of each order: reference, template, language, recipient, context as of `queue_message`.

    All or none: IntegrityError when one of them was queued before, InvalidMessage for wrong values.
    """
    messages = Message.objects.bulk_create([_row(**order) for order in orders])
    MessageEvent.objects.bulk_create(
        MessageEvent(message=message, name=message.status, detail=message.last_error) for message in messages
    )
    return messages


def _row(*, reference: str, template: str, language: str, recipient: str, context: Mapping[str, Any]) -> Message:
    address, problem = usable_address(recipient, None)
    return Message(
        reference=reference,
        template=template,
        language=supported_language(language),
        recipient=address,
        context=checked_context(template, context),
        status=Status.FAILED if problem else Status.QUEUED,
        next_at=None if problem else now(),
        last_error=problem,
    )
