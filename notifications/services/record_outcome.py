"""What is written when a try has ended: the only ways out of "being sent"."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.backends import remembers_for
from notifications.errors import TransitionRefused
from notifications.lifecycle import Status
from notifications.models import Message

# Longer than a task may live, so that whatever is past it has no sender any more.
LEASE = timedelta(seconds=settings.Q_CLUSTER["timeout"] + 30)
TRIES = 6
DELAYS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
)
PATIENCE = timedelta(days=1)


def record_sent(message: Message, provider_message_id: str) -> None:
    """Note that the other side took the mail, even where the sweeper has given the sender up meanwhile."""
    changes: dict[str, Any] = {
        "sent_at": now(),
        "next_at": None,
        "provider_message_id": provider_message_id[:200],
        "last_error": "",
        "doubtful_since": None,
    }
    try:
        message.move_to(Status.SENT, **changes)
    except TransitionRefused:
        _record_late(message, changes)


def _record_late(message: Message, changes: dict[str, Any]) -> None:
    tries = message.attempts
    message.refresh_from_db()
    if message.status == Status.UNKNOWN and message.attempts == tries:
        message.move_to(Status.SENT, detail=_("The answer came late."), **changes)
    else:
        message.events.create(name="sent_late", detail=str(changes["provider_message_id"]))


def record_not_sent(message: Message, error: str) -> None:
    """Try again later; after the last try the message has failed, or is in doubt if an earlier try may have sent it."""
    if message.attempts < TRIES:
        message.move_to(Status.QUEUED, detail=error, last_error=error, next_at=_next_at(message))
    else:
        to = Status.UNKNOWN if message.doubtful_since else Status.FAILED
        message.move_to(to, detail=error, last_error=error, next_at=None)


def record_busy(message: Message, error: str, wait: timedelta) -> None:
    """Wait as long as the provider asks. It costs no try for a day: a long queue is no fault of the message."""
    if now() - message.created_at > PATIENCE:
        record_not_sent(message, error)
    else:
        changes = {"attempts": F("attempts") - 1, "last_error": error, "next_at": now() + wait}
        message.move_to(Status.QUEUED, detail=error, **changes)


def record_refused(message: Message, error: str) -> None:
    """Give up: the other side said no, and would again."""
    message.move_to(Status.FAILED, detail=error, last_error=error, next_at=None)


def record_doubt(message: Message, error: str) -> None:
    """Ask again only where the backend recognises the repeated request; otherwise a person decides."""
    since = doubtful_since(message)
    next_at = _next_at(message)
    if message.attempts < TRIES and next_at - since < remembers_for(message.backend):
        message.move_to(Status.QUEUED, detail=error, last_error=error, next_at=next_at, doubtful_since=since)
    else:
        record_unknown(message, error)


def record_unknown(message: Message, error: str) -> None:
    """Leave it to a person: the mail may have been sent, and another request would be another mail."""
    since = doubtful_since(message)
    message.move_to(Status.UNKNOWN, detail=error, last_error=error, next_at=None, doubtful_since=since)


def doubtful_since(message: Message) -> datetime:
    """Return when the first try began of which nobody knows whether it sent the mail."""
    if message.doubtful_since is not None:
        return message.doubtful_since
    return message.lease_until - LEASE if message.lease_until is not None else now()


def _next_at(message: Message) -> datetime:
    return now() + DELAYS[min(message.attempts, len(DELAYS)) - 1]
