"""Outages: from the first document without the authority's seal to the last seal, with what proves each step."""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Min, Q
from django.urls import reverse
from django.utils.timezone import localtime, now
from django.utils.translation import gettext_lazy as _

from smartbill.lifecycle import Status
from smartbill.models.attempt import Attempt
from smartbill.models.document import Document
from smartbill.models.issuer import Issuer
from smartbill.models.reading import ReadingRecord


class OutageQuerySet(models.QuerySet["Outage"]):
    def open(self) -> Self:
        """Outages of which something is still owed: a seal, or a page that shows it."""
        return self.filter(closed_at=None)

    def due(self, at: datetime) -> Self:
        """Open outages that are to be looked after now."""
        return self.open().filter(check_at__lte=at)

    def pressing(self, at: datetime) -> Self:
        """Open outages of which a legal clock has half of its time behind it, or all."""
        return self.open().filter(warn_at__lte=at)

    def oldest_age_seconds(self, at: datetime) -> float:
        """Return for how many seconds the oldest open outage has lasted; 0 when there is none."""
        since = self.open().aggregate(since=Min("opened_at"))["since"]
        return (at - since).total_seconds() if since else 0.0


class Outage(models.Model):
    """One episode of one issuer; at most one is open. It is opened and ended by evidence, never by a guess.

    `first_evidence_at` and `last_evidence_at` are the times of issue of the first and the last document without a
    seal; `restored_at` is the first proof that seals are given again. The true end lies between the last two.
    """

    class Cause(models.IntegerChoices):
        """The authority's types of contingency (catalogue CAT-005)."""

        AUTHORITY = 1, _("The tax authority's system is not available")
        SYSTEM = 2, _("The issuer's system is not available")
        INTERNET = 3, _("The issuer's internet connection failed")
        POWER = 4, _("The issuer's electricity failed")
        OTHER = 5, _("Another cause")

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="outages", verbose_name=_("issuer"))
    is_rehearsal = models.BooleanField(_("rehearsal"), default=False)
    cause = models.PositiveSmallIntegerField(_("cause"), choices=Cause, null=True, blank=True)
    cause_text = models.CharField(_("cause in words"), max_length=500, blank=True)

    opened_at = models.DateTimeField(_("noticed"), default=now)
    first_evidence_at = models.DateTimeField(_("first document without seal"))
    last_evidence_at = models.DateTimeField(_("last document without seal"))
    restored_at = models.DateTimeField(_("seals are given again"), null=True, blank=True)
    restored_by = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("proved by")
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    probe = models.ForeignKey(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("document asked about often")
    )
    seal_seen_at = models.DateTimeField(_("last late seal"), null=True, blank=True)
    drained_at = models.DateTimeField(_("all were asked about"), null=True, blank=True)
    check_at = models.DateTimeField(_("looked after next"), default=now)
    warn_at = models.DateTimeField(_("first legal warning"), null=True, blank=True)
    missed = models.CharField(_("legal times that passed"), max_length=100, blank=True)

    objects = OutageQuerySet.as_manager()

    class Meta:
        verbose_name = _("outage")
        verbose_name_plural = _("outages")
        ordering = ["-opened_at", "-id"]
        permissions = [("record_outage_filing", _("Can record that a contingency event was filed"))]
        constraints = [
            models.UniqueConstraint(fields=["issuer"], condition=Q(closed_at=None), name="one_open_outage_per_issuer"),
            models.CheckConstraint(
                condition=Q(last_evidence_at__gte=F("first_evidence_at")), name="outage_evidence_is_in_order"
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(restored_at__isnull=False), name="closed_outage_was_proved_over"
            ),
        ]
        indexes = [
            models.Index(fields=["check_at"], condition=Q(closed_at=None), name="outage_to_look_after"),
            models.Index(fields=["-opened_at", "-id"], name="outage_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.issuer} · {localtime(self.opened_at):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        """Return the path of the outage's page in the admin."""
        return reverse("admin:smartbill_outage_change", args=[self.pk])

    @property
    def report_path(self) -> str:
        """Return the path of the report to print."""
        return reverse("admin:smartbill_outage_report", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def filing(self) -> "OutageFiling | None":
        """What was recorded last about the contingency event; earlier records stay and do not count."""
        return self.filings.order_by("-id").first()


class OutageDocumentQuerySet(models.QuerySet["OutageDocument"]):
    def unsealed(self) -> Self:
        """Documents that still lack the seal."""
        return self.filter(document__status=Status.CONTINGENCY)

    def unseen(self) -> Self:
        """Documents of which it is not proved that page and PDF show the seal."""
        return self.filter(shown_at=None)


class OutageDocument(models.Model):
    """A document that was issued without a seal, and the answer or look-up that said so. A document enters once."""

    outage = models.ForeignKey(Outage, models.PROTECT, related_name="entries", verbose_name=_("outage"))
    document = models.OneToOneField(Document, models.PROTECT, related_name="outage_entry", verbose_name=_("document"))
    entered_at = models.DateTimeField(_("noticed"), default=now)
    attempt = models.ForeignKey(
        Attempt, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answer that proves it")
    )
    reading = models.ForeignKey(
        ReadingRecord, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("look-up that proves it")
    )
    shown_at = models.DateTimeField(_("page and PDF show the seal"), null=True, blank=True)
    shown_face = models.CharField(_("face of the PDF that shows it"), max_length=64, blank=True)

    objects = OutageDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of an outage")
        verbose_name_plural = _("documents of outages")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["outage", "id"], condition=Q(shown_at=None), name="outage_document_unseen"),
        ]

    def __str__(self) -> str:
        return f"{self.document}"


class OutageFiling(models.Model):
    """What a person found out about the contingency event that was filed; append-only, the newest record counts."""

    outage = models.ForeignKey(Outage, models.PROTECT, related_name="filings", verbose_name=_("outage"))
    filed_at = models.DateTimeField(_("sealed by the authority"))
    number = models.CharField(_("number or seal of the event"), max_length=500)
    note = models.TextField(_("note"), blank=True)
    actor: Any = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("recorded"), default=now)

    class Meta:
        verbose_name = _("filing of a contingency event")
        verbose_name_plural = _("filings of contingency events")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number
