"""The queue's doors to the outbox."""

import time
from datetime import datetime

from django.conf import settings
from django.utils.timezone import now

from config.queue import drain_task
from notifications.answers import Meaning
from notifications.models import Message, WebhookPost
from notifications.services.send_message import claim_message, send_claimed_message
from notifications.services.send_posts import send_due_posts
from notifications.services.sweep_messages import sweep_overdue_messages


def _messages_are_due(at: datetime) -> bool:
    return Message.objects.due(at).exists()


@drain_task(due=_messages_are_due)
def drain_messages() -> None:
    """Send what is due within the drain's budget; stop at once if the provider asks us to slow down."""
    stop_at = time.monotonic() + settings.DRAIN["budget"]
    while time.monotonic() < stop_at:
        message = claim_message(now())
        if message is None or send_claimed_message(message) is Meaning.BUSY:
            return


def _senders_are_dead(at: datetime) -> bool:
    return Message.objects.overdue(at).exists()


@drain_task(due=_senders_are_dead)
def drain_overdue_messages() -> None:
    """Find messages whose sender died, as soon as their lease has ended."""
    sweep_overdue_messages()


def sweep_messages() -> None:
    """Once a minute, should nobody have been rung: the same."""
    sweep_overdue_messages()


def _posts_are_due(at: datetime) -> bool:
    return WebhookPost.objects.due(at).exists()


@drain_task(due=_posts_are_due)
def drain_webhook_posts() -> None:
    """Tell webhooks what is due."""
    send_due_posts()
