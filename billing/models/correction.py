"""Cases of documents that are wrong: who says so, what was decided, and how far it is."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.correction_steps import CaseState
from billing.corrections import Mending, Wrong
from billing.models.sale import Sale
from smartbill.models import Document

OVER = (CaseState.DONE, CaseState.DECLINED, CaseState.STOPPED)
STATEMENT_LENGTH, ANSWER_LENGTH = 1000, 1000


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def open(self) -> Self:
        return self.filter(ended_at=None)

    def begun(self) -> Self:
        """Cases whose remedy is on its way: whoever wants to correct the document otherwise waits for them."""
        return self.open().exclude(begun_at=None)

    def due(self, at: datetime) -> Self:
        """Cases that are to be looked at again now."""
        return self.filter(next_at__lte=at)


class Correction(models.Model):
    """One case. `plan` is what the remedy is made of, as it was proposed: the draft, or the amounts by line."""

    class AskedBy(models.TextChoices):
        STAFF = "staff", _("Staff")
        CUSTOMER = "customer", _("Customer")

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="corrections", verbose_name=_("sale"))
    document = models.ForeignKey(Document, models.PROTECT, related_name="cases", verbose_name=_("document"))
    wrong = models.CharField(_("what is wrong"), max_length=10, choices=Wrong)
    statement = models.TextField(_("in their words"), max_length=STATEMENT_LENGTH)
    asked_by = models.CharField(_("asked by"), max_length=8, choices=AskedBy)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("opened by")
    )
    opened_at = models.DateTimeField(_("opened"), default=now)

    state = models.CharField(_("state"), max_length=10, choices=CaseState, default=CaseState.OPEN)
    state_since = models.DateTimeField(_("in this state since"), default=now)
    code = models.CharField(_("position"), max_length=40, default="asked")
    reason = models.TextField(_("reason"), blank=True)
    mending = models.CharField(_("remedy"), max_length=12, choices=Mending, blank=True)
    plan = models.JSONField(_("plan"), default=dict)
    answer = models.TextField(_("answer to the customer"), max_length=ANSWER_LENGTH, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("proposed by")
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    begun_at = models.DateTimeField(_("remedy begun"), null=True, blank=True)
    replacement = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("replacement")
    )
    credit_note = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("credit note")
    )
    invalidation_at = models.DateTimeField(_("invalidation asked for"), null=True, blank=True)
    next_at = models.DateTimeField(_("looked at again"), null=True, blank=True)
    looks = models.PositiveSmallIntegerField(_("looks in this state"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["-opened_at", "-id"]
        permissions = [
            ("open_correction", _("Can open a case about a wrong document and propose its remedy")),
            ("decide_correction", _("Can decide what becomes of a wrong document")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["document"], condition=Q(ended_at=None), name="one_open_correction_per_document"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[str(state) for state in OVER], ended_at__isnull=False, next_at=None)
                | (~Q(state__in=[str(state) for state in OVER]) & Q(ended_at=None)),
                name="correction_is_open_or_ended",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | (Q(proposed_by__isnull=False) & ~Q(confirmed_by=F("proposed_by"))),
                name="correction_second_person_is_another",
            ),
            models.CheckConstraint(
                condition=Q(begun_at=None) | (~Q(mending="") & Q(proposed_by__isnull=False)),
                name="correction_begins_with_a_decision",
            ),
            models.CheckConstraint(
                condition=Q(begun_at__isnull=False) | Q(replacement=None, credit_note=None, invalidation_at=None),
                name="correction_acts_after_it_began",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="correction_due"),
            models.Index(fields=["document", "-id"], name="correction_by_document"),
            models.Index(fields=["sale", "-id"], name="correction_by_sale"),
            models.Index(fields=["state", "-id"], name="correction_by_state"),
            models.Index(fields=["-opened_at", "-id"], name="correction_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.document} · {self.get_wrong_display()}"

    def get_absolute_url(self) -> str:
        """Return the page of this case in the admin."""
        return reverse("admin:billing_correction_change", args=[self.pk])

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None


class CorrectionEvent(models.Model):
    """One step, or one act that changed none (`before` equals `after`). Append-only, by trigger as well."""

    correction = models.ForeignKey(Correction, models.PROTECT, related_name="events", verbose_name=_("correction"))
    created_at = models.DateTimeField(_("at"), default=now)
    before = models.CharField(_("before"), max_length=10, choices=CaseState, blank=True)
    after = models.CharField(_("after"), max_length=10, choices=CaseState)
    code = models.CharField(_("position"), max_length=40, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("correction event")
        verbose_name_plural = _("correction events")
        ordering = ["id"]
        indexes = [models.Index(fields=["correction", "id"], name="correction_event")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
