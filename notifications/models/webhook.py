"""Where alerts go besides the people of their usual groups, and the posts that go to webhooks."""

from datetime import datetime
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.alerts import KINDS
from notifications.encryption import EncryptedTextField
from notifications.models.alert import Alert


class AlertWebhook(models.Model):
    """An address that takes {"text": ...}, as Slack, Mattermost, Google Chat and their like do.

    Whoever knows the address may write there, so it is sealed and shown by its host and last characters only.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    url = EncryptedTextField(_("address"))
    url_last4 = models.CharField(max_length=4, editable=False)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    enabled = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("alert webhook")
        verbose_name_plural = _("alert webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def hint(self) -> str:
        """The host and the end of the address: enough to recognise it, too little to use it."""
        return f"{urlsplit(self.url).hostname} …{self.url_last4}"


class AlertRouteQuerySet(models.QuerySet["AlertRoute"]):
    def of_kind(self, kind: str) -> Self:
        """Routes in use of this kind and of every kind."""
        return self.filter(kind__in=[kind, ""], enabled=True)


class AlertRoute(models.Model):
    """Sends one kind of alert, or every kind, to a group of people, to a webhook, or to both.

    Groups that are named here take the place of the usual ones of that kind; a route with a webhook alone adds to them.
    """

    kind = models.CharField(_("alert"), max_length=30, blank=True, help_text=_("Empty: every kind."))
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="alert_routes", verbose_name=_("people of the group")
    )
    webhook = models.ForeignKey(
        AlertWebhook, models.CASCADE, null=True, blank=True, related_name="routes", verbose_name=_("webhook")
    )
    enabled = models.BooleanField(_("in use"), default=True)

    objects = AlertRouteQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert route")
        verbose_name_plural = _("alert routes")
        ordering = ["kind", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["", *sorted(KINDS)]), name="alert_route_kind_is_known"),
            models.CheckConstraint(
                condition=Q(group__isnull=False) | Q(webhook__isnull=False),
                name="alert_route_leads_somewhere",
                violation_error_message=_("Name a group, a webhook, or both."),
            ),
            models.UniqueConstraint(fields=["kind", "group", "webhook"], name="one_alert_route_to_both"),
            models.UniqueConstraint(
                fields=["kind", "group"], condition=Q(webhook=None), name="one_alert_route_to_a_group"
            ),
            models.UniqueConstraint(
                fields=["kind", "webhook"], condition=Q(group=None), name="one_alert_route_to_a_webhook"
            ),
        ]

    def __str__(self) -> str:
        goals = " + ".join(str(goal) for goal in (self.group, self.webhook) if goal)
        return f"{self.kind_label} → {goals}"

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(KINDS[self.kind].title) if self.kind else str(_("Every alert"))


class WebhookPostQuerySet(models.QuerySet["WebhookPost"]):
    def due(self, at: datetime) -> Self:
        """Posts that can be tried now; one whose sender died becomes due again when its lease has passed."""
        return self.filter(status=WebhookPost.Status.QUEUED, next_at__lte=at)


class WebhookPost(models.Model):
    """One notice to one webhook: that an alert began, or that it is over. The words are made when it leaves."""

    class Moment(models.TextChoices):
        RAISED = "raised", _("began")
        RESOLVED = "resolved", _("over")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="posts", verbose_name=_("alert"))
    webhook = models.ForeignKey(AlertWebhook, models.CASCADE, related_name="posts", verbose_name=_("webhook"))
    moment = models.CharField(_("what it says"), max_length=10, choices=Moment)
    status = models.CharField(_("state"), max_length=10, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    next_at = models.DateTimeField(_("next try"), null=True, blank=True, default=now)
    last_error = models.CharField(_("error"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), default=now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    objects = WebhookPostQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook post")
        verbose_name_plural = _("webhook posts")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["alert", "webhook", "moment"], name="one_post_per_alert_webhook_and_moment")
        ]
        indexes = [models.Index(fields=["next_at", "id"], condition=Q(status="queued"), name="webhook_post_due")]

    def __str__(self) -> str:
        return f"{self.alert_id} → {self.webhook_id} ({self.moment})"
