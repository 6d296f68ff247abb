"""What happened to a document: log, timeline and statistics at once. Append-only, by trigger as well."""

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.lifecycle import Status
from smartbill.models.document import Document


class DocumentEvent(models.Model):
    """One change of state, or one act that changed none (`before` equals `after`): a look-up, a mail, a note."""

    document = models.ForeignKey(Document, models.PROTECT, related_name="events", verbose_name=_("document"))
    created_at = models.DateTimeField(_("at"), default=now)
    before = models.CharField(_("before"), max_length=24, choices=Status, blank=True)
    after = models.CharField(_("after"), max_length=24, choices=Status)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)
    detail = models.JSONField(_("detail"), default=dict)

    class Meta:
        verbose_name = _("document event")
        verbose_name_plural = _("document events")
        ordering = ["id"]
        indexes = [models.Index(fields=["document", "id"], name="event_by_document")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
