"""Dated amounts of the law, each with its source: a row is written once, and a later one takes its place."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.clock_texts import CERTAINTIES
from smartbill.legal_limits import BLOCK, EMAIL, IDENTITY, WARN, Limit
from smartbill.lifecycle import Kind


class LegalLimit(models.Model):
    """From a day on, a kind of document from this amount on asks for something. `key` names the rows of a release."""

    class Demand(models.TextChoices):
        IDENTITY = IDENTITY, _("Identity document of the buyer")
        EMAIL = EMAIL, _("E-mail address of the buyer")

    class Effect(models.TextChoices):
        WARN = WARN, _("Warn, and issue")
        BLOCK = BLOCK, _("Hold")

    key = models.CharField(_("name of the released row"), max_length=60, blank=True, editable=False)
    country = models.CharField(_("country"), max_length=2, default="SV")
    kind = models.CharField(_("kind of document"), max_length=12, choices=Kind)
    demand = models.CharField(_("what is asked for"), max_length=10, choices=Demand)
    effect = models.CharField(_("effect"), max_length=5, choices=Effect)
    amount = models.DecimalField(
        _("from this amount"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("Empty: from that day on there is no such limit."),
    )
    currency = models.CharField(_("currency"), max_length=3, default="USD")
    valid_from = models.DateField(
        _("first day"),
        help_text=_("The day of issue counts. It may lie in the future: the change then comes by itself."),
    )
    source = models.CharField(_("source"), max_length=300, help_text=_("Law, article, or notice with its date."))
    certainty = models.CharField(_("how sure"), max_length=12, choices=list(CERTAINTIES.items()))
    reason = models.TextField(_("why it was entered"), blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("entered by")
    )
    recorded_at = models.DateTimeField(_("entered"), default=now)

    class Meta:
        verbose_name = _("legal limit")
        verbose_name_plural = _("legal limits")
        ordering = ["kind", "demand", "effect", "-valid_from", "-id"]
        default_permissions = ("view", "add")
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="one_row_per_released_limit"),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gt=0), name="limit_is_positive"),
            models.CheckConstraint(
                condition=(Q(recorded_by=None) & ~Q(key=""))
                | (Q(recorded_by__isnull=False) & Q(key="") & ~Q(reason="")),
                name="limit_is_released_or_says_who_and_why",
            ),
        ]

    def __str__(self) -> str:
        amount = "–" if self.amount is None else f"{self.amount} {self.currency}"
        return f"{self.get_kind_display()}: {self.get_demand_display()} {amount} ({self.valid_from})"

    @property
    def limit(self) -> Limit:
        """The row as the rules read it."""
        return Limit(
            kind=self.kind,
            demand=self.demand,
            effect=self.effect,
            amount=self.amount,
            currency=self.currency,
            valid_from=self.valid_from,
            source=self.source,
            by_person=self.recorded_by_id is not None,
            number=self.pk or 0,
        )


def known_limits(country: str) -> list[Limit]:
    """Return every row of a country's law, whichever day it holds for."""
    return [row.limit for row in LegalLimit.objects.filter(country=country)]
