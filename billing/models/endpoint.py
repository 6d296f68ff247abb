"""Where Stripe delivers events, and for whom."""

from uuid import UUID, uuid4

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from notifications.encryption import EncryptedTextField
from smartbill.models import Issuer


class StripeEndpointQuerySet(models.QuerySet["StripeEndpoint"]):
    def at(self, uuid: UUID) -> "StripeEndpoint | None":
        """Return the endpoint of an address.

        Every delivery asks this, and putting the query together takes Django longer than all the rest of the answer:
        so it is written out.
        """
        meta = self.model._meta
        value = meta.get_field("uuid").get_db_prep_value(uuid, connection)
        # Only names of our own model are put together here.
        return next(iter(self.raw(f'SELECT * FROM "{meta.db_table}" WHERE uuid = %s', [value])), None)  # noqa: S608


class StripeEndpoint(models.Model):
    """One webhook address per Stripe account and mode. Its secrets are sealed; dj-stripe's own row keeps none."""

    uuid = models.UUIDField(_("address"), unique=True, default=uuid4)
    label = models.CharField(_("label"), max_length=80)
    account_id = models.CharField(_("Stripe account"), max_length=60, blank=True)
    livemode = models.BooleanField(_("live mode"), default=False)
    api_version = models.CharField(_("API version"), max_length=40)
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="stripe_endpoints", verbose_name=_("issuer"))
    secrets = EncryptedTextField(
        _("signing secrets"), help_text=_("One per line; all of them are accepted while one is being replaced.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    caught_up_to = models.DateTimeField(_("event list read up to"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StripeEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("Stripe endpoint")
        verbose_name_plural = _("Stripe endpoints")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label

    @property
    def active_secrets(self) -> list[str]:
        return [line.strip() for line in self.secrets.splitlines() if line.strip()]
