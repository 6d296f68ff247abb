"""Reversals: money of a sale that went back, one row for ever per object of Stripe, and what it leads to."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.sale import Sale
from billing.remedies import Remedy, Source, Standing, State
from smartbill.models import Document


class ReversalQuerySet(models.QuerySet["Reversal"]):
    def due(self, at: datetime) -> Self:
        """Reversals that are to be looked at again now."""
        return self.filter(next_at__lte=at)

    def in_order(self) -> Self:
        """The order in which the reversals of a sale are worked off."""
        return self.order_by("occurred_at", "id")


class Reversal(models.Model):
    """A refund, credit note, lost dispute, or an invoice given up. `key` is its business key, such as `refund:re_1`.

    `amount_minor` is what it takes back by itself, `counted_minor` what is left of that within the sale's amount, and
    `corrected_minor` what of that a correction has taken out of the documents: no remedy takes it out once more.
    """

    key = models.CharField(_("reversal"), max_length=120, unique=True)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="reversals", verbose_name=_("sale"))
    source = models.CharField(_("what happened at Stripe"), max_length=12, choices=Source)
    standing = models.CharField(_("at Stripe"), max_length=8, choices=Standing)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount in the smallest unit"))
    counted_minor = models.BigIntegerField(_("counted amount in the smallest unit"), null=True, blank=True)
    corrected_minor = models.BigIntegerField(_("taken out by a correction, in the smallest unit"), default=0)
    occurred_at = models.DateTimeField(_("happened"))

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    state_since = models.DateTimeField(_("in this state since"), default=now)
    code = models.CharField(_("code of the reason"), max_length=40, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    remedy = models.CharField(_("remedy"), max_length=12, choices=Remedy, blank=True)
    begun_at = models.DateTimeField(_("remedy begun"), null=True, blank=True)
    rounds = models.PositiveSmallIntegerField(_("remedies begun"), default=0)
    credit_note = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("credit note")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("approved by")
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("confirmed by"),
    )
    settled_at = models.DateTimeField(_("settled by a person"), null=True, blank=True)
    next_at = models.DateTimeField(_("looked at again"), null=True, blank=True, default=now)
    looks = models.PositiveSmallIntegerField(_("looks in this state"), default=0)
    created_at = models.DateTimeField(_("created"), default=now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = ReversalQuerySet.as_manager()

    class Meta:
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        ordering = ["-created_at", "-id"]
        permissions = [
            ("approve_reversal", _("Can have a document corrected after a refund")),
            ("export_reversal", _("Can export reversals")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="reversal_takes_something_back"),
            models.CheckConstraint(
                condition=Q(counted_minor=None) | Q(counted_minor__gte=0, counted_minor__lte=F("amount_minor")),
                name="reversal_counts_no_more_than_it_is",
            ),
            models.CheckConstraint(
                condition=Q(corrected_minor__gte=0, corrected_minor__lte=F("amount_minor")),
                name="reversal_is_corrected_within_its_amount",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "under_way"]) | ~Q(reason=""), name="reversal_says_why"
            ),
            # One reversal, one remedy: a note belongs to the reversal whose remedy it is, and to no other kind of one.
            models.CheckConstraint(
                condition=Q(credit_note=None) | Q(remedy="credit_note", begun_at__isnull=False),
                name="reversal_with_note_is_remedied_by_it",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | (Q(approved_by__isnull=False) & ~Q(confirmed_by=F("approved_by"))),
                name="reversal_second_person_is_another",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="reversal_due"),
            models.Index(fields=["sale", "occurred_at", "id"], name="reversal_by_sale"),
            models.Index(fields=["state", "-created_at", "-id"], name="reversal_by_state"),
            models.Index(fields=["-created_at", "-id"], name="reversal_newest"),
        ]

    def __str__(self) -> str:
        return self.key

    def get_absolute_url(self) -> str:
        """Return the page of this reversal in the admin."""
        return reverse("admin:billing_reversal_change", args=[self.pk])

    @property
    def has_begun(self) -> bool:
        return self.begun_at is not None


class ReversalAlias(models.Model):
    """Every Stripe id under which the reversal is known; a refund made through a credit note is one with it."""

    reversal = models.ForeignKey(Reversal, models.PROTECT, related_name="aliases", verbose_name=_("reversal"))
    kind = models.CharField(_("kind"), max_length=30)
    stripe_id = models.CharField(_("Stripe id"), max_length=255)

    class Meta:
        verbose_name = _("Stripe id of a reversal")
        verbose_name_plural = _("Stripe ids of reversals")
        constraints = [models.UniqueConstraint(fields=["kind", "stripe_id"], name="one_reversal_per_stripe_id")]
        indexes = [models.Index(fields=["stripe_id"], name="reversal_by_stripe_id")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.stripe_id}"


class ReversalEvent(models.Model):
    """One change of state, or one act that changed none (`before` equals `after`). Append-only."""

    reversal = models.ForeignKey(Reversal, models.PROTECT, related_name="events", verbose_name=_("reversal"))
    created_at = models.DateTimeField(_("at"), default=now)
    before = models.CharField(_("before"), max_length=10, choices=State, blank=True)
    after = models.CharField(_("after"), max_length=10, choices=State)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("reversal event")
        verbose_name_plural = _("reversal events")
        ordering = ["id"]
        indexes = [models.Index(fields=["reversal", "id"], name="reversal_event")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
