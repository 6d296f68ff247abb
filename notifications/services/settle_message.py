"""A person closes a message: it did arrive, or it shall not be sent any more."""

from typing import Any

from notifications.errors import TransitionRefused
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.permissions import RESEND, require, require_reason


def confirm_sent(message: Message, *, actor: Any, reason: str) -> None:
    """Note that a message in doubt was sent; TransitionRefused for any other."""
    require(actor, RESEND)
    reason = require_reason(reason)
    if message.status != Status.UNKNOWN:
        # The table lets a message under way become sent as well, but only its sender may say so.
        raise TransitionRefused(message, Status.SENT)
    message.move_to(Status.SENT, actor=actor, detail=reason, next_at=None, doubtful_since=None)


def cancel_message(message: Message, *, actor: Any, reason: str) -> None:
    """Give up a message that is queued, failed or in doubt; TransitionRefused once it is being or was sent."""
    require(actor, RESEND)
    message.move_to(Status.CANCELLED, actor=actor, detail=require_reason(reason), next_at=None)
