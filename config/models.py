"""What belongs to no domain: API tokens, heartbeats, bulk jobs, records of operators, the trail of configuration."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from config.jobs.models import Job, JobBatch, JobRow

__all__ = ["ApiToken", "Heartbeat", "Job", "JobBatch", "JobRow", "Record", "UsedConfirmation"]


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self, at: datetime) -> Self:
        return self.filter(revoked_at=None).filter(models.Q(expires_at=None) | models.Q(expires_at__gt=at))


class ApiToken(models.Model):
    """Access of a machine to the API. Only the SHA-256 of the secret is kept; `prefix` finds it for people."""

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("begins with"), max_length=12)
    token_sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), default=now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(pgettext_lazy("API token", "revoked"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Heartbeat(models.Model):
    """The last sign of life of one job or cluster."""

    name = models.CharField(_("name"), max_length=80, primary_key=True)
    beat_at = models.DateTimeField(_("last beat"))
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Record(models.Model):
    """Something that was seen to and that the program cannot see by itself: a backup, an answer of an outside system.

    A script or a command writes it down; the newest one of each name counts.
    """

    name = models.CharField(_("name"), max_length=80, primary_key=True)
    at = models.DateTimeField(_("at"))
    is_good = models.BooleanField(_("it worked"), default=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    good_at = models.DateTimeField(_("worked last"), null=True, blank=True)

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        ordering = ["name"]
        default_permissions = ("view",)
        permissions = [("view_readiness", _("Can see what is missing before going live"))]

    def __str__(self) -> str:
        return self.name


class UsedConfirmation(models.Model):
    """The answer to one confirmation page. The primary key is what makes a double click act once."""

    nonce = models.CharField(max_length=40, primary_key=True)
    used_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.nonce


class Change(models.Model):
    """One change of configuration, written by the database itself. Rows are only added: a trigger refuses the rest.

    `kind` and `row` say what it is about, `table` which row it was: a group that somebody is put into is about the
    person. `before` and `after` hold every column as text; secrets are masked.
    """

    class Operation(models.TextChoices):
        ADDED = "added", _("added")
        CHANGED = "changed", _("changed")
        REMOVED = "removed", _("removed")

    at = models.DateTimeField(_("time"), db_index=True)
    table = models.CharField(max_length=63)
    kind = models.CharField(_("what"), max_length=63)
    row = models.CharField(max_length=40)
    operation = models.CharField(_("what was done"), max_length=8, choices=Operation)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_key = models.CharField(max_length=20, blank=True)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("change of configuration")
        verbose_name_plural = _("changes of configuration")
        default_permissions = ("view",)
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "row"], name="change_of_one_row")]

    def __str__(self) -> str:
        return f"{self.table} {self.row} {self.operation}"


class Export(models.Model):
    """Rows of a list that a person took as a file. The row is there before the first line leaves; it has no end where
    the file broke off."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    model = models.CharField(_("list"), max_length=80)
    filters = models.CharField(_("filters"), max_length=2000, blank=True)
    format = models.CharField(_("format"), max_length=8)
    livemode = models.BooleanField(_("live mode"))
    rows = models.PositiveIntegerField(_("rows"), null=True, blank=True)
    created_at = models.DateTimeField(_("begun"), default=now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-created_at", "-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["-created_at", "-id"], name="export_newest")]

    def __str__(self) -> str:
        return f"{self.model} {self.created_at:%Y-%m-%d %H:%M}"
