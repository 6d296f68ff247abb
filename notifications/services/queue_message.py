"""Putting a message into the outbox: a row that is due. The drain finds it; nothing else has to be told."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.emails import ADDRESS_LENGTH, checked_context, checked_recipient, one_line, supported_language
from notifications.errors import InvalidRecipient
from notifications.lifecycle import Status
from notifications.models import Message


def queue_message(
    *,
    reference: str,
    template: str,
    language: str,
    recipient: str,
    context: Mapping[str, Any],
    actor: Any = None,
    reason: str = "",
    number: int = 1,
    is_urgent: bool = False,
) -> Message:
    """Queue one mail, once per reference, template and number; a repeated call returns the row that exists.

    What is urgent leaves before all that is not.

    It may run inside the caller's transaction. An impossible address raises InvalidRecipient to a person; where a
    machine acts, the row is written as failed instead, so that a typing error never undoes the caller's own work.
    Wrong values raise InvalidMessage.
    """
    values = checked_context(template, context)
    address, problem = usable_address(recipient, actor)
    with transaction.atomic():
        message, created = Message.objects.get_or_create(
            reference=reference,
            template=template,
            number=number,
            defaults={
                "language": supported_language(language),
                "recipient": address,
                "context": values,
                "actor": actor,
                "reason": reason,
                "is_urgent": is_urgent,
                "status": Status.FAILED if problem else Status.QUEUED,
                "next_at": None if problem else now(),
                "last_error": problem,
            },
        )
        if created:
            message.events.create(name=message.status, actor=actor, detail=problem or reason)
            _replace_earlier(message, actor)
    return message


def usable_address(recipient: str, actor: Any) -> tuple[str, str]:
    """Return the address, and what is wrong with it if nobody is there to be asked."""
    try:
        return checked_recipient(recipient), ""
    except InvalidRecipient as error:
        if actor is not None:
            raise
        return one_line(recipient)[:ADDRESS_LENGTH], str(error)


def _replace_earlier(message: Message, actor: Any) -> None:
    """Close what failed or stayed in doubt before: a person has answered it by sending this one."""
    open_states = [Status.FAILED, Status.UNKNOWN]
    series = Message.objects.filter(reference=message.reference, template=message.template, status__in=open_states)
    for earlier in series.filter(number__lt=message.number):
        note = _("Replaced by number %(number)s.") % {"number": message.number}
        earlier.move_to(Status.CANCELLED, actor=actor, detail=note, next_at=None)
