"""The outbox of messages to customers, and alerts to staff."""

from notifications.models.alert import Alert
from notifications.models.message import Message, MessageEvent
from notifications.models.reader import Reader

__all__ = ["Alert", "Message", "MessageEvent", "Reader"]
