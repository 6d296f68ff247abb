"""Which doubts people were warned of: the memory that makes an alarm ring once and end when its doubt ends."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.models.document import Document


class DoubtAlarmQuerySet(models.QuerySet["DoubtAlarm"]):
    def open(self) -> Self:
        """Alarms whose doubt goes on."""
        return self.filter(ended_at=None)


class DoubtAlarm(models.Model):
    """One alarm about one doubt. `since` is when the document came into doubt: a later doubt has its own alarms."""

    class Kind(models.TextChoices):
        """The names under which alerts are known."""

        OLD = "unknown_old", _("In doubt for 15 minutes")
        VERY_OLD = "unknown_very_old", _("In doubt for 4 hours")

    document = models.ForeignKey(Document, models.PROTECT, related_name="doubt_alarms", verbose_name=_("document"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    since = models.DateTimeField(_("in doubt since"))
    raised_at = models.DateTimeField(_("raised"), default=now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = DoubtAlarmQuerySet.as_manager()

    class Meta:
        verbose_name = _("alarm of a doubt")
        verbose_name_plural = _("alarms of doubts")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "kind"], condition=Q(ended_at=None), name="one_open_alarm_per_doubt_and_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.kind}"
