"""Where an alert goes: the people and webhooks of its routes, or the usual people of its kind."""

from collections.abc import Collection

from notifications.alerts import KINDS
from notifications.models import AlertRoute, AlertWebhook


def groups_for(kind: str) -> Collection[str]:
    """Return the names of the groups that are told: those of the routes, else the usual ones."""
    routed = AlertRoute.objects.of_kind(kind).filter(group__isnull=False).values_list("group__name", flat=True)
    return sorted(set(routed)) or KINDS[kind].audience


def webhooks_for(kind: str) -> list[AlertWebhook]:
    """Return the webhooks that are told, each once."""
    routed = AlertRoute.objects.of_kind(kind).filter(webhook__isnull=False).values("webhook")
    return list(AlertWebhook.objects.filter(enabled=True, pk__in=routed))
