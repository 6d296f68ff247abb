"""The inbox: every event Stripe delivered with a valid signature, or that the catch-up found."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.endpoint import StripeEndpoint


class InboundEventQuerySet(models.QuerySet["InboundEvent"]):
    def due(self, at: datetime) -> Self:
        """Events that a worker may take now: new, failed and due, or left by a dead worker."""
        return self.waiting(at) | self.left_behind(at)

    def waiting(self, at: datetime) -> Self:
        """Events that nobody has in hand: new ones, and failed ones whose pause is over."""
        return self.filter(state__in=[InboundEvent.State.NEW, InboundEvent.State.RETRY], next_at__lte=at)

    def left_behind(self, at: datetime) -> Self:
        """Events that a worker took and did not bring to an end."""
        return self.filter(state=InboundEvent.State.PROCESSING, lease_until__lt=at)

    def dead(self) -> Self:
        """Events that only a person can bring further."""
        return self.filter(state__in=[InboundEvent.State.DEAD, InboundEvent.State.POISON])


class InboundEvent(models.Model):
    """One event. The row is the job: it is inserted before Stripe gets its 200 and is worked off from here."""

    class State(models.TextChoices):
        NEW = "new", _("New")
        PROCESSING = "processing", _("Being processed")
        RETRY = "retry", _("To be tried again")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("No handler")
        DEAD = "dead", _("Dead letter")
        POISON = "poison", _("Unusable")

    class Origin(models.TextChoices):
        WEBHOOK = "webhook", _("Webhook")
        CATCH_UP = "catch_up", _("Event list")

    event_id = models.CharField(_("event"), max_length=100, unique=True)
    endpoint = models.ForeignKey(StripeEndpoint, models.PROTECT, related_name="events", verbose_name=_("endpoint"))
    type = models.CharField(_("type"), max_length=100)
    livemode = models.BooleanField(_("live mode"), default=False)
    api_version = models.CharField(_("API version"), max_length=40, blank=True)
    occurred_at = models.DateTimeField(_("created at Stripe"), null=True, blank=True)
    object_id = models.CharField(_("object"), max_length=255, blank=True)
    customer_id = models.CharField(_("customer"), max_length=255, blank=True)
    body = models.BinaryField(_("body"))
    origin = models.CharField(_("origin"), max_length=10, choices=Origin, default=Origin.WEBHOOK)
    received_at = models.DateTimeField(_("received"), default=now)

    state = models.CharField(_("state"), max_length=12, choices=State, default=State.NEW)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=now)
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    mirrored_at = models.DateTimeField(_("mirrored"), null=True, blank=True)
    mirror_error = models.TextField(_("error of the mirror"), blank=True)
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    last_error = models.TextField(_("error"), blank=True)

    objects = InboundEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbound event")
        verbose_name_plural = _("inbound events")
        ordering = ["-received_at", "-id"]
        permissions = [("retry_inboundevent", _("Can process an event again"))]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(state__in=["new", "retry"]), name="inbound_due"),
            models.Index(fields=["lease_until"], condition=Q(state="processing"), name="inbound_leased"),
            models.Index(fields=["-received_at", "-id"], name="inbound_newest"),
            models.Index(
                fields=["received_at"],
                condition=Q(state__in=["new", "processing", "retry", "dead", "poison"]),
                name="inbound_waiting",
            ),
            models.Index(fields=["state", "-id"], name="inbound_by_state"),
            models.Index(fields=["object_id", "-id"], name="inbound_by_object"),
            models.Index(fields=["object_id"], condition=Q(state__in=["new", "retry"]), name="inbound_open_by_object"),
            models.Index(fields=["customer_id", "-id"], name="inbound_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
