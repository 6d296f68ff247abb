"""The customer's link: 256 random bits, found by their hash, revocable."""

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from notifications.encryption import EncryptedTextField
from smartbill.models.document import Document


class DocumentLink(models.Model):
    """A secret address of one document. The token is sealed, so that a resent mail can carry the same link."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="links", verbose_name=_("document"))
    token_sha256 = models.CharField(max_length=64, unique=True)
    token = EncryptedTextField()
    created_at = models.DateTimeField(_("created"), default=now)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("document link")
        verbose_name_plural = _("document links")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["document"], condition=models.Q(revoked_at=None), name="one_live_link_per_document"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document} #{self.pk}"
