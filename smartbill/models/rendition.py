"""Rendered PDFs: one per document and face (what the document looked like in that fiscal state)."""

from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.models.document import Document


class Rendition(models.Model):
    """A PDF in the data directory. `face` is a hash of all that is printed, so that a new seal makes a new file."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="renditions", verbose_name=_("document"))
    face = models.CharField(_("face"), max_length=64)
    file = models.FileField(_("file"), upload_to="renditions/%Y/%m/")
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["document", "face"], name="one_rendition_per_face")]

    def __str__(self) -> str:
        return f"{self.document} {self.face[:8]}"
