"""Lives of the database: where a restored backup made it forget, what had been sent meanwhile, and who sends."""

from datetime import datetime
from secrets import token_hex
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.lifecycle import Operation, Outcome
from smartbill.models.attempt import Attempt
from smartbill.models.document import Document

STAND_IN = "after_restore"
"""The worker of an attempt that stands for a forgotten one."""


def new_token() -> str:
    return token_hex(16)


class GenerationQuerySet(models.QuerySet["Generation"]):
    def restored(self) -> Self:
        """Lives that began with a restored backup: something had been sent that the database does not know."""
        return self.exclude(until=None)


class Generation(models.Model):
    """One life of the database. A restored backup ends it, and `manage.py after_restore` begins the next one.

    What was sent between `since` and `until` is not in this database. While `finished_at` is empty or
    `contradiction` says something, nobody may send.
    """

    number = models.PositiveIntegerField(_("number"), unique=True)
    token = models.CharField(max_length=32, unique=True, default=new_token)
    began_at = models.DateTimeField(_("began"), default=now)
    since = models.DateTimeField(_("forgotten from"), null=True, blank=True)
    until = models.DateTimeField(_("forgotten until"), null=True, blank=True)
    journals_complete = models.BooleanField(_("all journals were there"), default=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    by = models.CharField(_("by"), max_length=150, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    contradiction = models.TextField(_("why nobody may send"), blank=True)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        verbose_name = _("life of the database")
        verbose_name_plural = _("lives of the database")
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(since=None, until=None) | Q(since__isnull=False, until__isnull=False),
                name="forgotten_time_has_two_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} ({self.began_at:%Y-%m-%d %H:%M})"


class LostSending(models.Model):
    """A call that may have reached the provider in the time that a restored database forgot.

    Known from a journal (`worker`, `attempt_key`), or assumed, because the document was waiting to be sent. `attempt`
    stands for it in the document's history once it has one.
    """

    generation = models.ForeignKey(
        Generation, models.PROTECT, related_name="sendings", verbose_name=_("life of the database")
    )
    worker = models.CharField(_("worker"), max_length=120, blank=True)
    attempt_key = models.BigIntegerField(_("attempt then"), null=True, blank=True)
    operation = models.CharField(_("operation"), max_length=12, choices=Operation)
    issuer_slug = models.CharField(_("issuer"), max_length=50, blank=True)
    route = models.CharField(_("route"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=20)
    reference = models.CharField(_("reference then"), max_length=12, blank=True)
    request_sha256 = models.CharField(_("SHA-256 of the request"), max_length=64, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    outcome = models.CharField(_("outcome then"), max_length=10, choices=Outcome, default=Outcome.UNKNOWN)
    note = models.TextField(_("what it means"), blank=True)
    seen_code = models.CharField(_("code seen in the answer"), max_length=36, blank=True)
    exchange = models.JSONField(_("answer as journalled"), null=True, blank=True)
    document = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="lost_sendings", verbose_name=_("document")
    )
    attempt = models.ForeignKey(
        Attempt, models.PROTECT, null=True, blank=True, related_name="lost_sendings", verbose_name=_("attempt")
    )

    class Meta:
        verbose_name = _("forgotten sending")
        verbose_name_plural = _("forgotten sendings")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["worker", "attempt_key"], condition=~Q(worker=""), name="one_row_per_forgotten_attempt"
            ),
            models.UniqueConstraint(
                fields=["generation", "document", "operation"],
                condition=Q(worker=""),
                name="assumed_once_per_document",
            ),
        ]
        indexes = [
            models.Index(fields=["source", "purpose"], name="lost_sending_by_source"),
            models.Index(fields=["id"], condition=Q(document=None), name="lost_sending_unmatched"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.operation}"


class SendingHostQuerySet(models.QuerySet["SendingHost"]):
    def others(self, token: str) -> Self:
        return self.filter(retired_at=None).exclude(token=token)


class SendingHost(models.Model):
    """A host that sends, by the record that it keeps outside of the database.

    `agreed` counts how often its record agreed with the database; `sure` how often it also had no reason to think
    that others sent what the database has forgotten. Counters, because the clocks of hosts differ.
    """

    token = models.CharField(max_length=32, primary_key=True)
    name = models.CharField(_("host"), max_length=120)
    agreed = models.PositiveBigIntegerField(_("times agreed"), default=0)
    sure = models.PositiveBigIntegerField(_("times sure"), default=0)
    seen_at = models.DateTimeField(_("last seen"), default=now)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = SendingHostQuerySet.as_manager()

    class Meta:
        verbose_name = _("sending host")
        verbose_name_plural = _("sending hosts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def newest_generation() -> Generation | None:
    """Return the present life of the database; None before anything was ever sent."""
    return Generation.objects.order_by("-number").first()


def last_known_moment() -> datetime | None:
    """Return the last moment of which the database tells anything: after it lies what a backup has forgotten."""
    moments = [
        SendingHost.objects.aggregate(at=models.Max("seen_at"))["at"],
        Attempt.objects.order_by("-id").values_list("started_at", flat=True).first(),
        Document.objects.aggregate(at=models.Max("updated_at"))["at"],
    ]
    return max((moment for moment in moments if moment is not None), default=None)
