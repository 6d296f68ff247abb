"""What was stamped on one day, counted: figures that cost the same with a thousand documents and with a million."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from smartbill.models.issuer import Issuer


class DayTally(models.Model):
    """One day of one issuer, in the issuer's time zone, counted from its documents as they were at `counted_at`.

    `count` are the documents stamped on the day that count (see `with_counts`), `totals` what they come to per currency
    as text, credit notes with a minus, and `delays` how many took how long from payment to stamp (see `delays.py`).
    The row is never added to: it is counted anew, so that the next count mends whatever was missed or done twice.
    """

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="days", verbose_name=_("issuer"))
    livemode = models.BooleanField(_("live mode"))
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("documents"))
    totals = models.JSONField(_("totals"), default=dict)
    delays = models.JSONField(_("time from payment to stamp"), default=dict)
    counted_at = models.DateTimeField(_("counted"))
    seconds = models.FloatField(_("seconds that counting took"), default=0)

    class Meta:
        verbose_name = _("tally of a day")
        verbose_name_plural = _("tallies of days")
        ordering = ["-day", "issuer"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["issuer", "livemode", "day"], name="one_tally_per_issuer_and_day")
        ]
        indexes = [models.Index(fields=["livemode", "-day"], name="tally_by_day")]

    def __str__(self) -> str:
        return f"{self.issuer} {self.day}"
