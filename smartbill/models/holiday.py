"""Single days on which work is done or not, as staff know better than the rule of every year."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from smartbill.business_days import GENERAL, OFFICES, WORKING


class Holiday(models.Model):
    """One day of one country; it stands in the place of what `business_days.usual_holidays` says of that day."""

    class Scope(models.TextChoices):
        GENERAL = GENERAL, _("Day off for everybody")
        OFFICES = OFFICES, _("Day off for public offices")
        WORKING = WORKING, _("Working day")

    country = models.CharField(_("country"), max_length=2, default="SV")
    on = models.DateField(_("day"))
    scope = models.CharField(_("who has it off"), max_length=16, choices=Scope)
    name = models.CharField(_("name or decree"), max_length=150)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        ordering = ["-on", "country"]
        default_permissions = ("view", "add", "change")
        constraints = [models.UniqueConstraint(fields=["country", "on"], name="one_entry_per_day_and_country")]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"
