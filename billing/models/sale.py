"""Sales owed a document: one row for ever per purchase, whichever event announced it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.endpoint import StripeEndpoint
from smartbill.lifecycle import Status
from smartbill.models import Document


class SaleQuerySet(models.QuerySet["Sale"]):
    def due(self, at: datetime) -> Self:
        """Sales whose outcome is still to be decided and may be worked on now."""
        return self.filter(outcome=Sale.Outcome.PENDING, next_at__lte=at)

    def with_buyer_due(self, at: datetime) -> Self:
        """Sales whose buyer is to be looked at again, because more may be known of them now."""
        return self.filter(buyer_due_at__lte=at)

    def of_buyer(self, customer_id: str, *, livemode: bool) -> Self:
        """Sales of a buyer as tax profiles name them: by Stripe's customer, or by the key of a sale without one."""
        theirs = Q(customer_id=customer_id) | Q(customer_id="", key=customer_id)
        return self.filter(theirs, livemode=livemode)

    def waiting_for_data(self) -> Self:
        """Sales whose document was not issued because of its data."""
        return self.filter(document__status__in=[Status.HELD, Status.REJECTED])

    def to_search(self, at: datetime) -> Self:
        """Sales of which Stripe is to be asked what went back."""
        return self.filter(search_at__lte=at)


class Sale(models.Model):
    """A purchase that was paid. `key` is its business key, such as `invoice:in_1`, `payment_intent:pi_1`, or
    `manual:…` where a person entered it."""

    class Outcome(models.TextChoices):
        PENDING = "pending", _("Being worked on")
        DOCUMENT = "document", _("Document")
        HELD = "held", _("Held")
        NOT_APPLICABLE = "not_applicable", _("No document needed")

    key = models.CharField(_("sale"), max_length=120, unique=True)
    endpoint = models.ForeignKey(StripeEndpoint, models.PROTECT, related_name="sales", verbose_name=_("endpoint"))
    livemode = models.BooleanField(_("live mode"))
    customer_id = models.CharField(_("customer"), max_length=255, blank=True)
    customer_name = models.CharField(_("customer's name"), max_length=250, blank=True)
    number = models.CharField(_("invoice number"), max_length=120, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    amount_minor = models.BigIntegerField(_("amount in the smallest unit"), null=True, blank=True)
    # What rules sum up: the total as a document would carry it. None where no draft could be made.
    worth = models.DecimalField(
        _("amount in the issuer's currency"), max_digits=16, decimal_places=3, null=True, blank=True
    )
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)

    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, default=Outcome.PENDING)
    reasons = models.JSONField(_("reasons"), default=list)
    document = models.OneToOneField(
        Document, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("document")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=now)
    last_error = models.TextField(_("error"), blank=True)
    is_own = models.BooleanField(_("a person said that no document made by hand is meant"), default=False)
    buyer_due_at = models.DateTimeField(_("buyer looked at again"), null=True, blank=True, editable=False)
    search_at = models.DateTimeField(_("asked for reversals at"), null=True, blank=True)
    searches = models.PositiveSmallIntegerField(_("failed searches for reversals"), default=0)
    created_at = models.DateTimeField(_("created"), default=now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SaleQuerySet.as_manager()

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ["-created_at", "-id"]
        permissions = [("retry_sale", _("Can have a sale decided again")), ("export_sale", _("Can export sales"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="document", document__isnull=False) | (~Q(outcome="document") & Q(document=None)),
                name="sale_with_document_names_it",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["held", "not_applicable"]) | ~Q(reasons=[]), name="sale_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(outcome="pending"), name="sale_due"),
            models.Index(
                fields=["buyer_due_at", "id"], condition=Q(buyer_due_at__isnull=False), name="sale_with_buyer_due"
            ),
            models.Index(fields=["search_at", "id"], condition=Q(search_at__isnull=False), name="sale_to_search"),
            models.Index(fields=["-created_at", "-id"], name="sale_newest"),
            models.Index(fields=["outcome", "-created_at", "-id"], name="sale_by_outcome"),
            models.Index(
                fields=["created_at"], condition=Q(outcome="document") & ~Q(reasons=[]), name="sale_with_open_question"
            ),
            models.Index(fields=["livemode", "-created_at", "-id"], name="sale_by_mode"),
            models.Index(fields=["customer_id", "-id"], name="sale_by_customer"),
            models.Index(fields=["endpoint", "paid_at", "id"], name="sale_by_payment"),
            models.Index(fields=["number"], name="sale_by_number"),
            models.Index(fields=["amount_minor", "currency", "paid_at"], name="sale_by_amount"),
        ]

    def __str__(self) -> str:
        return self.number or self.key

    @property
    def is_manual(self) -> bool:
        """Whether a person entered it; its payment may or may not arrive at Stripe."""
        return self.key.startswith("manual:")

    @property
    def buyer_id(self) -> str:
        """What names the buyer in tax profiles: Stripe's customer, or this sale where Stripe made none."""
        return self.customer_id or self.key


class SaleAlias(models.Model):
    """Every Stripe id under which the sale is known; each id belongs to one sale for ever."""

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="aliases", verbose_name=_("sale"))
    kind = models.CharField(_("kind"), max_length=30)
    stripe_id = models.CharField(_("Stripe id"), max_length=255)
    created_at = models.DateTimeField(_("since"), default=now)

    class Meta:
        verbose_name = _("Stripe id of a sale")
        verbose_name_plural = _("Stripe ids of sales")
        constraints = [models.UniqueConstraint(fields=["kind", "stripe_id"], name="one_sale_per_stripe_id")]
        indexes = [models.Index(fields=["stripe_id"], name="alias_by_stripe_id")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.stripe_id}"


class Snapshot(models.Model):
    """What Stripe said about the sale when it was decided, complete and frozen, in integers of the minor unit."""

    sale = models.OneToOneField(Sale, models.PROTECT, related_name="snapshot", verbose_name=_("sale"))
    content = models.JSONField(_("content"))
    api_version = models.CharField(_("API version"), max_length=40)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    taken_at = models.DateTimeField(_("taken"), default=now)

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")

    def __str__(self) -> str:
        return str(self.sale)
