"""Key pairs of an issuer's account at the provider."""

from typing import Self

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.encryption import EncryptedTextField
from smartbill.lifecycle import Operation
from smartbill.models.issuer import Issuer
from smartbill.providers.base import Credentials


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> Self:
        """Keys that are neither revoked nor stopped by a refusal of the provider."""
        return self.filter(revoked_at=None, stopped_at=None)

    def able_to(self, operation: str) -> Self:
        """Keys whose role permits the operation: only a manager may invalidate."""
        return self.filter(role=ApiKey.Role.MANAGER) if operation == Operation.INVALIDATE else self


class ApiKey(models.Model):
    """A public and a private key. The private one is sealed at rest and shown by its last four characters only."""

    class Role(models.TextChoices):
        MANAGER = "manager", _("Manager")
        TRANSMITTER = "transmitter", _("Transmitter")

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="api_keys", verbose_name=_("issuer"))
    label = models.CharField(_("label"), max_length=80)
    role = models.CharField(_("role"), max_length=12, choices=Role)
    public_key = models.CharField(_("public key"), max_length=200)
    private_key = EncryptedTextField(_("private key"))
    private_last4 = models.CharField(_("private key"), max_length=4, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    replace_on = models.DateField(_("replace on"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["issuer", "label"]
        constraints = [
            models.UniqueConstraint(fields=["issuer", "public_key"], name="one_api_key_per_public_key"),
        ]

    def __str__(self) -> str:
        return f"{self.label} (…{self.private_last4})"

    @property
    def credentials(self) -> Credentials:
        return Credentials(public_key=self.public_key, private_key=self.private_key)

    @property
    def age_in_days(self) -> int:
        return (now() - self.created_at).days
