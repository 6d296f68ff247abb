"""Sales that people entered because Stripe could not: what they said is frozen, who let it go is written beside it."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.sale import Sale
from smartbill.models import Issuer


class ManualEntryQuerySet(models.QuerySet["ManualEntry"]):
    def open(self) -> Self:
        """Entries whose payment has not been seen at Stripe, and that were not withdrawn."""
        return self.filter(linked_at=None, withdrawn_at=None)

    def like(self, sale: Sale, *, issuer: Issuer) -> Self:
        """Open entries of the amount and currency of a sale, paid within the issuer's days of it."""
        if sale.amount_minor is None or sale.paid_at is None:
            return self.none()
        days = timedelta(days=issuer.manual_match_days)
        return self.open().filter(
            currency=sale.currency,
            amount_minor=sale.amount_minor,
            paid_at__range=(sale.paid_at - days, sale.paid_at + days),
            sale__endpoint__issuer=issuer,
        )


class ManualEntry(models.Model):
    """One sale entered by hand. `token` is that of the form: however often it is sent, it is this row.

    `fingerprint` is of what was said; the same said again from another form is refused, or counted in `copy` when the
    person says that it is another sale. `buyer` holds what the buyer is recognised by when the payment arrives.
    """

    class Reason(models.TextChoices):
        STRIPE_DOWN = "stripe_down", _("Stripe cannot be reached")
        CASH = "cash", _("Paid in cash or outside Stripe")
        OTHER = "other", _("Another reason")

    sale = models.OneToOneField(Sale, models.PROTECT, related_name="entry", verbose_name=_("sale"))
    token = models.UUIDField(_("form"), unique=True, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    copy = models.PositiveSmallIntegerField(default=0, editable=False)
    content = models.JSONField(_("content"))
    buyer = models.JSONField(_("buyer recognised by"), default=list)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount in the smallest unit"))
    paid_at = models.DateTimeField(_("paid"))
    why = models.CharField(_("why without Stripe"), max_length=12, choices=Reason)
    note = models.TextField(_("note"), blank=True)
    expects_payment = models.BooleanField(_("the payment will appear at Stripe"))
    needs_second = models.BooleanField(_("a second person lets it go"))
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    entered_at = models.DateTimeField(_("entered"), default=now)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("let go by")
    )
    released_at = models.DateTimeField(_("let go"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    linked_at = models.DateTimeField(_("payment seen at Stripe"), null=True, blank=True)
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("linked by")
    )

    objects = ManualEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("document made by hand")
        verbose_name_plural = _("documents made by hand")
        ordering = ["-id"]
        default_permissions = ("view", "add")
        permissions = [
            ("release_manualentry", _("Can let a document made by hand be issued")),
            ("answer_manualentry", _("Can say whether a payment belongs to a document made by hand")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "copy"], name="manual_entry_is_said_once"),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="manual_entry_is_no_credit"),
            models.CheckConstraint(
                condition=Q(released_by=None, released_at=None)
                | Q(released_by__isnull=False, released_at__isnull=False),
                name="manual_entry_says_who_let_it_go",
            ),
            models.CheckConstraint(
                condition=Q(needs_second=False) | Q(released_by=None) | ~Q(released_by=F("entered_by")),
                name="second_person_of_manual_entry_is_another",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(released_at=None), name="manual_entry_is_let_go_or_withdrawn"
            ),
        ]
        indexes = [
            models.Index(
                fields=["amount_minor", "currency", "paid_at"],
                condition=Q(linked_at=None, withdrawn_at=None),
                name="manual_entry_open",
            )
        ]

    def __str__(self) -> str:
        return str(self.sale)
