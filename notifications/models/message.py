"""A message to one customer, and what became of it."""

from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.errors import TransitionRefused
from notifications.lifecycle import EVENTS, TRANSITIONS, Status


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, at: datetime) -> Self:
        """Messages that can be sent now."""
        return self.filter(status=Status.QUEUED, next_at__lte=at)

    def urgently_due(self, at: datetime) -> Self:
        """Messages for staff that must not wait behind those to customers."""
        return self.due(at).filter(is_urgent=True)

    def overdue(self, at: datetime) -> Self:
        """Messages whose sender is dead: claimed, and past the lease."""
        return self.filter(status=Status.SENDING, lease_until__lt=at)


class Message(models.Model):
    """One mail of the outbox. `reference` is opaque here; the row is unique per reference, template and number.

    Number 1 is the automatic message; a person's resend takes the next number and gives a reason.
    """

    key = models.UUIDField(_("idempotency key"), unique=True, default=uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=120)
    template = models.CharField(_("template"), max_length=60)
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    language = models.CharField(_("language"), max_length=2)
    recipient = models.EmailField(_("to"))
    context = models.JSONField(_("values"), default=dict)

    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body_text = models.TextField(_("text"), blank=True)
    body_html = models.TextField(_("HTML"), blank=True)

    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=now)
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    backend = models.CharField(_("way of sending"), max_length=120, blank=True)
    doubtful_since = models.DateTimeField(_("perhaps sent since"), null=True, blank=True)
    provider_message_id = models.CharField(_("provider's id"), max_length=200, blank=True)
    last_error = models.TextField(_("error"), blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)
    created_at = models.DateTimeField(_("created"), default=now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-id"]
        permissions = [
            ("resend_message", _("Can send a message again")),
            ("export_message", _("Can export messages")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "template", "number"], name="one_message_per_reference_template_and_number"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="message_status_is_known"),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(status="queued"), name="message_due"),
            models.Index(
                fields=["next_at", "id"], condition=Q(status="queued", is_urgent=True), name="message_urgently_due"
            ),
            models.Index(fields=["lease_until"], condition=Q(status="sending"), name="message_leased"),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="message_by_status"),
            models.Index(fields=["reference", "-id"], name="message_by_reference"),
            models.Index(Upper("recipient"), name="message_by_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.number} → {self.recipient}"

    def move_to(self, to: str, *, actor: Any = None, detail: str = "", **changes: Any) -> None:
        """Change state and write the event in one transaction, or raise TransitionRefused.

        The row is updated only while it has the state and the claim that were read: a sender whose lease has passed
        to another finds nothing to update.
        """
        if to not in TRANSITIONS[self.status]:
            raise TransitionRefused(self, to)
        with transaction.atomic():
            row = Message.objects.filter(pk=self.pk, status=self.status, lease_until=self.lease_until)
            if not row.update(**{"status": to, "lease_until": None, **changes}):
                raise TransitionRefused(self, to)
            self.events.create(name=to, actor=actor, detail=detail)
        self.refresh_from_db()


class MessageEvent(models.Model):
    """What happened to a message: attempts of ours, and later the mail provider's delivery events."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="events", verbose_name=_("message"))
    name = models.CharField(_("event"), max_length=30)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    detail = models.TextField(_("detail"), blank=True)
    created_at = models.DateTimeField(_("at"), default=now)

    class Meta:
        verbose_name = _("message event")
        verbose_name_plural = _("message events")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The event in words; one that we do not know keeps its own name."""
        return str(EVENTS.get(self.name, self.name))
