"""What a document says, frozen: one row per revision, written once."""

import hashlib
import json

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.drafts import Draft
from smartbill.models.document import Document


class Revision(models.Model):
    """The draft as it was built or corrected. The one that was issued is `document.revision`."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="revisions", verbose_name=_("document"))
    number = models.PositiveSmallIntegerField(_("revision"))
    content = models.JSONField(_("content"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    problems = models.JSONField(_("problems"), default=list)
    warnings = models.JSONField(_("warnings"), default=list)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created"), default=now)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["document", "number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="one_revision_per_number")]

    def __str__(self) -> str:
        return f"{self.document} r{self.number}"

    @property
    def draft(self) -> Draft:
        return Draft.from_json(self.content)


def content_hash(content: object) -> str:
    """Return the SHA-256 of the canonical JSON of a draft."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
