"""Calls that could change the legal world: what was sent, when, under which deadline, and how it ended."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.lifecycle import Operation, Outcome, Status
from smartbill.models.api_key import ApiKey
from smartbill.models.document import Document


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def open(self) -> Self:
        """Attempts whose end nobody has recorded yet."""
        return self.filter(outcome=None)

    def unproved(self) -> Self:
        """Attempts whose end nobody has recorded, and submissions that were given up and are still in doubt."""
        given_up = Q(outcome=Outcome.UNKNOWN, resolved_at=None, operation=Operation.SUBMIT)
        return self.filter(Q(outcome=None) | (given_up & Q(document__status=Status.UNKNOWN)))

    def overdue(self, at: datetime) -> Self:
        """Open attempts past their deadline: their caller is dead or its answer is lost."""
        return self.open().filter(deadline_at__lt=at)


class Attempt(models.Model):
    """One call of `submit` or `invalidate`, written and committed before its first byte leaves.

    The fence: a document has at most one attempt per operation that is open, accepted, or unknown and unresolved.
    """

    document = models.ForeignKey(Document, models.PROTECT, related_name="attempts", verbose_name=_("document"))
    operation = models.CharField(_("operation"), max_length=12, choices=Operation)
    number = models.PositiveSmallIntegerField(_("number"))
    revision = models.PositiveSmallIntegerField(_("revision"))
    api_key = models.ForeignKey(ApiKey, models.PROTECT, related_name="attempts", verbose_name=_("API key"))
    route = models.CharField(_("route"), max_length=60)
    contract_version = models.CharField(_("contract"), max_length=40)
    request = models.BinaryField(_("request"))
    request_sha256 = models.CharField(_("SHA-256 of the request"), max_length=64)
    worker = models.CharField(_("worker"), max_length=120)
    started_at = models.DateTimeField(_("started"), default=now)
    deadline_at = models.DateTimeField(_("deadline"))

    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, null=True, blank=True)  # noqa: DJ001 - NULL is "open"
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    answer = models.BinaryField(_("answer"), null=True, blank=True)
    note = models.TextField(_("what it means"), blank=True)
    problems = models.JSONField(_("problems"), default=list)
    seen_code = models.CharField(_("code seen in the answer"), max_length=36, blank=True)
    resolved_at = models.DateTimeField(_("doubt resolved"), null=True, blank=True)
    resolution = models.TextField(_("resolution"), blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["document", "id"]
        constraints = [
            models.UniqueConstraint(fields=["document", "operation", "number"], name="one_attempt_per_number"),
            models.UniqueConstraint(
                fields=["document", "operation"],
                condition=Q(outcome=None) | Q(outcome="accepted") | Q(outcome="unknown", resolved_at=None),
                name="one_live_attempt_per_document",
            ),
        ]
        indexes = [
            models.Index(fields=["deadline_at"], condition=Q(outcome=None), name="attempt_open"),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.operation} {self.number}"

    @property
    def duration_ms(self) -> int | None:
        if self.finished_at is None:
            return None
        return int((self.finished_at - self.started_at).total_seconds() * 1000)


class Evidence(models.Model):
    """An answer that arrived after its attempt had been given up: kept for ever, never overwritten."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="evidence", verbose_name=_("attempt"))
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    answer = models.BinaryField(_("answer"), null=True, blank=True)
    note = models.TextField(_("what it means"))
    created_at = models.DateTimeField(_("at"), default=now)

    class Meta:
        verbose_name = _("late answer")
        verbose_name_plural = _("late answers")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.attempt} {self.created_at:%Y-%m-%d %H:%M:%S}"
