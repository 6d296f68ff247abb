"""What happened to a sale: registered, joined with another, decided, decided again by a person. Append-only."""

from django.conf import settings
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.sale import Sale


class SaleEvent(models.Model):
    """One change of the outcome, or one act that changed none (`before` equals `after`)."""

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="events", verbose_name=_("sale"))
    created_at = models.DateTimeField(_("at"), default=now)
    before = models.CharField(_("before"), max_length=16, choices=Sale.Outcome, blank=True)
    after = models.CharField(_("after"), max_length=16, choices=Sale.Outcome)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("sale event")
        verbose_name_plural = _("sale events")
        ordering = ["id"]
        indexes = [models.Index(fields=["sale", "id"], name="event_by_sale")]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
