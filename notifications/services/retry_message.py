"""A person lets the same message be tried again, because what stopped it is mended or it surely never left."""

from typing import Any

from django.utils.timezone import now

from notifications.lifecycle import Status
from notifications.models import Message
from notifications.permissions import RESEND, require, require_reason


def retry_message(message: Message, *, actor: Any, reason: str) -> None:
    """Put a failed message, or one in doubt, back into the queue with all its tries; TransitionRefused otherwise."""
    require(actor, RESEND)
    changes = {"next_at": now(), "attempts": 0, "doubtful_since": None}
    message.move_to(Status.QUEUED, actor=actor, detail=require_reason(reason), **changes)
