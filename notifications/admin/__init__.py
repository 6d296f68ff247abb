"""The admin pages of messages and alerts."""

from notifications.admin.alerts import AlertAdmin
from notifications.admin.messages import MessageAdmin

__all__ = ["AlertAdmin", "MessageAdmin"]
