"""The outbox of messages to customers, and alerts to staff."""

from notifications.models.alert import Alert
from notifications.models.message import Message, MessageEvent
from notifications.models.reader import Reader
from notifications.models.webhook import AlertRoute, AlertWebhook, WebhookPost

__all__ = ["Alert", "AlertRoute", "AlertWebhook", "Message", "MessageEvent", "Reader", "WebhookPost"]
