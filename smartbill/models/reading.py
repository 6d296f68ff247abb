"""Questions put to the remote about a code, and what it said: part of a document's evidence."""

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.models.document import Document


class ReadingRecord(models.Model):
    """One look-up. A failed one has state `no_information` and changes nothing."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="readings", verbose_name=_("document"))
    code = models.CharField(_("code asked for"), max_length=36)
    state = models.CharField(_("answer"), max_length=20)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    failure = models.TextField(_("failure"), blank=True)
    content = models.BinaryField(_("document as the remote holds it"), null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    created_at = models.DateTimeField(_("at"), default=now)

    class Meta:
        verbose_name = _("look-up")
        verbose_name_plural = _("look-ups")
        ordering = ["id"]
        indexes = [models.Index(fields=["document", "-id"], name="reading_by_document")]

    def __str__(self) -> str:
        return f"{self.code} {self.state}"
