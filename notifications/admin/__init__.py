"""The admin of the outbox, and of the alerts to staff."""

from notifications.admin.alerts import AlertAdmin
from notifications.admin.messages import MessageAdmin
from notifications.admin.webhooks import AlertRouteAdmin, AlertWebhookAdmin, WebhookPostAdmin

__all__ = ["AlertAdmin", "AlertRouteAdmin", "AlertWebhookAdmin", "MessageAdmin", "WebhookPostAdmin"]
