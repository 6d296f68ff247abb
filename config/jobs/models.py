"""A job: who wants what done to which rows, why, how far it is, and what became of each row."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Count, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, at: datetime) -> Self:
        """Jobs of which rows are left and which no living worker has in hand."""
        return self.filter(state=Job.State.RUNNING, next_at__lte=at)

    def confirmed(self) -> Self:
        """Jobs that somebody has let begin."""
        return self.exclude(state=Job.State.ASKED)


class Job(models.Model):
    """One action on many rows. The choice is frozen as keys before the person is asked, and never changes again.

    `position` counts the rows of the batches that are finished, `done`, `refused` and `failed` what came of them.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Being confirmed")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    page = models.CharField(_("rows"), max_length=80)
    action = models.CharField(_("action"), max_length=80)
    fields = models.JSONField(_("answers"), default=dict, encoder=DjangoJSONEncoder)
    reason = models.TextField(_("reason"), blank=True)
    summary = models.JSONField(_("what was chosen"), default=list)
    language = models.CharField(_("language"), max_length=10)
    total = models.PositiveIntegerField(_("rows chosen"), default=0)
    position = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ASKED)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    asked_at = models.DateTimeField(_("asked"), default=now)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cancelled by"),
    )
    cancel_reason = models.TextField(_("why it was cancelled"), blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("bulk job")
        verbose_name_plural = _("bulk jobs")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("cancel_job", _("Can cancel the bulk jobs of others"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["asked", "running", "done", "cancelled"]), name="job_state_is_known"
            )
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(state="running"), name="job_due"),
            models.Index(fields=["asked_at"], condition=Q(state="asked"), name="job_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} · {self.action}"

    def figures(self) -> dict[str, int]:
        """Return how many rows were done, refused, failed and are left, with those of the batch in hand."""
        counts = {name: int(getattr(self, name)) for name in JobRow.Outcome.values}
        for outcome, count in self._rows_in_hand():
            counts[outcome] += count
        return {**counts, "left": self.total - sum(counts.values())}

    def _rows_in_hand(self) -> Any:
        rows = self.rows.filter(number__gte=self.position).order_by()
        return rows.values_list("outcome").annotate(count=Count("pk"))


class JobBatch(models.Model):
    """Some of the keys that were chosen; `first` is the number of the first of them within the job."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="batches")
    first = models.PositiveIntegerField()
    keys = models.JSONField()

    class Meta:
        default_permissions = ()
        ordering = ["job", "first"]
        constraints = [models.UniqueConstraint(fields=["job", "first"], name="one_batch_per_place")]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.first}"


class JobRow(models.Model):
    """What became of one row. It is written in the transaction of what it tells, so it never says too much."""

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    job = models.ForeignKey(Job, models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10, choices=Outcome)
    words = models.TextField(blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        default_permissions = ()
        ordering = ["job", "number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="one_outcome_per_row_of_a_job"),
            models.CheckConstraint(condition=Q(outcome__in=["done", "refused", "failed"]), name="job_outcome_is_known"),
        ]
        indexes = [models.Index(fields=["job", "outcome", "number"], name="job_rows_by_outcome")]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}: {self.outcome}"
