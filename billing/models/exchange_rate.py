"""Exchange rates as somebody published them: written once, replaced openly, never changed in place."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    def in_force(self) -> Self:
        """Rates that no later entry replaced."""
        return self.filter(replaced_at=None)

    def newest_until(self, day: date, *, currency: str, into: str) -> "ExchangeRate | None":
        """Return the rate in force of the latest day that is not after this one."""
        rows = self.in_force().filter(currency=currency, into=into, on__lte=day)
        return rows.order_by("-on").first()


class ExchangeRate(models.Model):
    """What one unit of `currency` was worth in `into` on a day. The one in force is the one that was not replaced."""

    currency = models.CharField(_("currency"), max_length=3)
    # Two words of SQL, which a trigger would have to quote.
    into = models.CharField(_("into"), max_length=3, db_column="into_currency")
    on = models.DateField(_("day"), db_column="day")
    rate = models.DecimalField(_("rate"), max_digits=24, decimal_places=12)
    source = models.CharField(_("published by"), max_length=200)
    reason = models.TextField(_("why it replaces another"), blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    recorded_at = models.DateTimeField(_("entered"), default=now)
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["-on", "currency", "-id"]
        default_permissions = ("view", "add")
        constraints = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_is_positive"),
            models.CheckConstraint(condition=~Q(currency=F("into")), name="exchange_rate_is_between_two"),
            models.UniqueConstraint(
                fields=["currency", "into", "on"], condition=Q(replaced_at=None), name="one_rate_in_force_per_day"
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize():f} {self.into} ({self.on})"
