"""What people said about a buyer, one row per Stripe customer and mode, and every change of it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.profile_fields import KINDS
from billing.profiles import CUSTOMER, IMPORT, STAFF, Entry, Profile


class TaxProfile(models.Model):
    """A buyer. `customer_id` is Stripe's customer, or the key of the sale where Stripe made none.

    `entries` is the present state by field, each with value, raw text, source, rule, check and time; the columns beside
    it are copies by which lists show and find. `version` counts the changes: who changes names the version they saw.
    """

    customer_id = models.CharField(_("customer"), max_length=255)
    livemode = models.BooleanField(_("live mode"))
    entries = models.JSONField(_("entries"), default=dict)
    version = models.PositiveIntegerField(_("version"), default=0)

    name = models.CharField(_("legal name"), max_length=250, blank=True)
    kind = models.CharField(_("kind of buyer"), max_length=10, choices=list(KINDS.items()), blank=True)
    tax_id = models.CharField(_("tax id"), max_length=25, blank=True)
    segment = models.CharField(_("segment"), max_length=40, blank=True)
    has_doubts = models.BooleanField(_("a check digit does not fit"), default=False)
    created_at = models.DateTimeField(_("created"), default=now)
    updated_at = models.DateTimeField(_("changed"), default=now)

    class Meta:
        verbose_name = _("tax profile")
        verbose_name_plural = _("tax profiles")
        ordering = ["-updated_at", "-id"]
        permissions = [
            ("edit_taxprofile", _("Can enter and change tax data of customers")),
            ("import_taxprofile", _("Can import tax data of customers from a file")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "livemode"], name="one_profile_per_customer_and_mode")
        ]
        indexes = [
            models.Index(fields=["-updated_at", "-id"], name="profile_newest"),
            models.Index(fields=["tax_id"], name="profile_by_tax_id"),
            models.Index(fields=["segment", "-id"], name="profile_by_segment"),
            models.Index(fields=["-id"], condition=Q(has_doubts=True), name="profile_with_doubts"),
        ]

    def __str__(self) -> str:
        return self.name or self.customer_id

    @property
    def profile(self) -> Profile:
        """The entries as the rules read them."""
        return Profile(entries={name: Entry(**row) for name, row in self.entries.items()}, version=self.version)


class TaxProfileChange(models.Model):
    """One change: which fields, from what to what, by whom and why. Append-only."""

    class Source(models.TextChoices):
        STAFF_ENTRY = STAFF, _("Staff")
        CUSTOMER_FORM = CUSTOMER, _("Customer")
        FILE = IMPORT, _("File")

    profile = models.ForeignKey(TaxProfile, models.PROTECT, related_name="changes", verbose_name=_("tax profile"))
    version = models.PositiveIntegerField(_("version"))
    created_at = models.DateTimeField(_("at"), default=now)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    class Meta:
        verbose_name = _("change of a tax profile")
        verbose_name_plural = _("changes of tax profiles")
        ordering = ["profile", "version"]
        constraints = [models.UniqueConstraint(fields=["profile", "version"], name="one_change_per_version")]

    def __str__(self) -> str:
        return f"{self.profile} v{self.version}"


def profile_of(customer_id: str, *, livemode: bool) -> Profile:
    """Return what is known of a buyer now; nothing said is a profile as well."""
    row: Any = TaxProfile.objects.filter(customer_id=customer_id, livemode=livemode).first()
    return row.profile if row is not None else Profile()
