"""Saving a webhook of alerts: the address is checked by its looks and sealed; an empty one keeps what is stored."""

from typing import Any

from django.core.exceptions import ValidationError

from notifications.client import AddressRefused, checked_address
from notifications.models import AlertWebhook
from notifications.permissions import require


def save_webhook(webhook: AlertWebhook, *, url: str, actor: Any) -> None:
    """Write a webhook. Raises PermissionDenied, or ValidationError for an address that may not be called."""
    require(actor, f"notifications.{'change' if webhook.pk else 'add'}_alertwebhook")
    if url:
        try:
            checked_address(url)
        except AddressRefused as error:
            raise ValidationError({"new_url": str(error)}) from error
        webhook.url, webhook.url_last4 = url, url[-4:]
    webhook.save()
