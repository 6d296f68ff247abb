"""A test alert: the way of a real one to the goals of a route, so that people know that it arrives."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from notifications.models import Alert, AlertRoute, AlertWebhook
from notifications.permissions import require
from notifications.services.mail_alert import mail_raised, readers
from notifications.services.tell_alert import Moment, queue_posts

KIND = "test"
RIGHT = "notifications.send_test_alert"


def rehearse_route(route: AlertRoute, *, actor: Any) -> None:
    """Send a test alert to the people and the webhook of a route. Raises ValidationError when it would reach nobody."""
    require(actor, RIGHT)
    groups = [route.group.name] if route.group else []
    if groups and not readers(groups):
        raise ValidationError(_("Nobody of this group has an e-mail address, and neither has a superuser."))
    webhooks = [route.webhook] if route.webhook and route.webhook.enabled else []
    if not groups and not webhooks:
        raise ValidationError(_("The webhook is switched off."))
    _send(str(route), groups, webhooks)


def rehearse_webhook(webhook: AlertWebhook, *, actor: Any) -> None:
    """Send a test alert to one webhook."""
    require(actor, RIGHT)
    if not webhook.enabled:
        raise ValidationError(_("The webhook is switched off."))
    _send(webhook.name, [], [webhook])


def _send(name: str, groups: list[str], webhooks: list[AlertWebhook]) -> None:
    """Write an alert that is over at once: nothing is wrong, and it must not stand on the desk."""
    at = now()
    with transaction.atomic():
        alert = Alert.objects.create(
            kind=KIND, key=f"test:{at:%Y%m%dT%H%M%S%f}", context={"name": name}, raised_at=at, resolved_at=at
        )
        told = mail_raised(alert, groups, is_last=False) if groups else 0
        told += queue_posts(alert, webhooks, Moment.RAISED)
        Alert.objects.filter(pk=alert.pk).update(told=told)
