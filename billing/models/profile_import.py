"""A file with tax data: what it says, what is wrong with it, and whether it was taken over."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _


class ProfileImport(models.Model):
    """One file, read and checked when it was given; nothing is changed before somebody applies it.

    `rows` holds for each row its number, the customer, the version of the profile it was compared with, and the values;
    `problems` where something is wrong (row, cell, column) and a sentence.
    """

    class State(models.TextChoices):
        FAULTY = "faulty", _("Has faults")
        CHECKED = "checked", _("Checked, not applied")
        APPLIED = "applied", _("Applied")

    file_name = models.CharField(_("file"), max_length=150)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    livemode = models.BooleanField(_("live mode"))
    state = models.CharField(_("state"), max_length=10, choices=State)
    rows = models.JSONField(_("rows"), default=list)
    problems = models.JSONField(_("problems"), default=list)
    new = models.PositiveIntegerField(_("new customers"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    same = models.PositiveIntegerField(_("unchanged"), default=0)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("given"), default=now)
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("applied by")
    )

    class Meta:
        verbose_name = _("import of tax data")
        verbose_name_plural = _("imports of tax data")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="applied", applied_at__isnull=False) | (~Q(state="applied") & Q(applied_at=None)),
                name="import_is_applied_once",
            ),
            models.CheckConstraint(condition=Q(state="faulty") | Q(problems=[]), name="import_with_problems_is_faulty"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} #{self.pk}"
