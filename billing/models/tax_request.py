"""Tax data asked of a customer: a secret link with a deadline, reminders, and what became of it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.endpoint import StripeEndpoint
from notifications.encryption import EncryptedTextField


class TaxRequestQuerySet(models.QuerySet["TaxRequest"]):
    def open(self) -> Self:
        return self.filter(state=TaxRequest.State.OPEN)

    def due(self, at: datetime) -> Self:
        """Requests whose next reminder or deadline has come."""
        return self.open().filter(next_at__lte=at)


class TaxRequest(models.Model):
    """One question to one customer; a customer has at most one open at a time.

    The token is 256 random bits, found by its hash and sealed, so that a reminder carries the same address. A random
    token needs no signature: it cannot be made, and one row ends it.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for the customer")
        COMPLETED = "completed", _("Completed by the customer")
        SETTLED = "settled", _("Not needed any more")
        EXPIRED = "expired", _("Not answered in time")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    endpoint = models.ForeignKey(StripeEndpoint, models.PROTECT, related_name="+", verbose_name=_("endpoint"))
    customer_id = models.CharField(_("customer"), max_length=255)
    livemode = models.BooleanField(_("live mode"))
    customer_name = models.CharField(_("customer's name"), max_length=250, blank=True)
    recipient = models.CharField(_("e-mail"), max_length=254)
    language = models.CharField(_("language"), max_length=2)
    token_sha256 = models.CharField(max_length=64, unique=True)
    token = EncryptedTextField()

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    mails = models.PositiveSmallIntegerField(_("mails sent"), default=0)
    created_at = models.DateTimeField(_("created"), default=now)
    ends_at = models.DateTimeField(_("deadline"))
    next_at = models.DateTimeField(_("next step"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    note = models.TextField(_("what came of it"), blank=True)

    objects = TaxRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for tax data")
        verbose_name_plural = _("requests for tax data")
        ordering = ["-id"]
        permissions = [("ask_tax_data", _("Can ask a customer for tax data and withdraw the link"))]
        constraints = [
            models.UniqueConstraint(
                fields=["customer_id", "livemode"], condition=Q(state="open"), name="one_open_request_per_customer"
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None, next_at__isnull=False)
                | (~Q(state="open") & Q(ended_at__isnull=False, next_at=None)),
                name="request_is_open_or_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(state="open"), name="request_due"),
            models.Index(fields=["customer_id", "-id"], name="request_by_customer"),
            models.Index(fields=["state", "-id"], name="request_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_name or self.customer_id} #{self.pk}"

    @property
    def link(self) -> str:
        """The absolute address of the customer's form."""
        return f"{settings.PUBLIC_BASE_URL}/t/{self.token}/"
