"""Rules of the house about sales: what they ask, what they do, and who changed what when."""

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.rule_conditions import Condition
from billing.rule_evaluation import Action, IfUnknown, RuleText
from smartbill.lifecycle import Kind
from smartbill.models import Issuer


class RuleQuerySet(models.QuerySet["Rule"]):
    def in_force(self, issuer: Issuer, day: date) -> Self:
        """Rules that are on and count for a payment of this day at the issuer's place."""
        begun = Q(valid_from=None) | Q(valid_from__lte=day)
        return self.filter(begun, Q(valid_until=None) | Q(valid_until__gte=day), issuer=issuer, state=Rule.State.ON)


class Rule(models.Model):
    """A rule of an issuer. `version` counts the changes of what it says; only a simulated version is switched on.

    While it is on nothing of it changes: who wants another one copies it, tries the copy, and then exchanges the two.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SIMULATED = "simulated", _("Simulated")
        ON = "on", _("On")
        OFF = "off", _("Off")

    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="+", verbose_name=_("issuer"))
    name = models.CharField(_("name"), max_length=100, help_text=_("It stands on the sales that it holds."))
    position = models.PositiveSmallIntegerField(
        _("position"), default=100, help_text=_("Rules are looked at in this order, the smallest first.")
    )
    valid_from = models.DateField(_("first day"), null=True, blank=True, help_text=_("Day of payment. Empty: always."))
    valid_until = models.DateField(_("last day"), null=True, blank=True, help_text=_("Empty: without end."))
    conditions = models.JSONField(_("conditions"))
    if_unknown = models.CharField(
        _("when a condition cannot be answered"), max_length=6, choices=IfUnknown, default=IfUnknown.PERSON
    )
    action = models.CharField(_("what it does"), max_length=8, choices=Action)
    people = models.PositiveSmallIntegerField(
        _("people who have to approve"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(2)],
        help_text=_("1 or 2. Above the issuer's amount for a second person it is always 2."),
    )
    terms = models.CharField(
        _("terms"), max_length=500, blank=True, help_text=_("For “print terms”: the text as the customer reads it.")
    )
    chosen_kind = models.CharField(
        _("kind of document"),
        max_length=12,
        blank=True,
        choices=[(kind.value, kind.label) for kind in (Kind.FACTURA, Kind.CCF)],
        help_text=_("For “choose the kind”: used only where neither the buyer's words nor the law decide it."),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(_("version"), default=1)
    simulated_version = models.PositiveIntegerField(_("simulated version"), null=True, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("created"), default=now)
    updated_at = models.DateTimeField(_("changed"), default=now)

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["issuer", "position", "id"]
        default_permissions = ("view", "add", "change")
        permissions = [("switch_rule", _("Can switch rules on and off"))]
        constraints = [
            models.CheckConstraint(condition=~Q(conditions=[]), name="rule_asks_something"),
            models.CheckConstraint(
                # In SQL a comparison with nothing is not false, and would pass.
                condition=~Q(state="on") | Q(simulated_version__isnull=False, simulated_version=F("version")),
                name="rule_is_simulated_before_it_is_on",
            ),
            models.CheckConstraint(
                condition=~Q(action="block", if_unknown="skip"), name="blocking_rule_passes_nothing_unknown"
            ),
            models.CheckConstraint(
                condition=~Q(action__in=["terms", "kind"], if_unknown="apply"), name="rule_guesses_nothing_on_documents"
            ),
            models.CheckConstraint(
                condition=Q(action="terms") & ~Q(terms="") | ~Q(action="terms") & Q(terms=""), name="rule_has_its_terms"
            ),
            models.CheckConstraint(
                condition=Q(action="kind", chosen_kind__in=["factura", "ccf"]) | ~Q(action="kind") & Q(chosen_kind=""),
                name="rule_has_its_kind",
            ),
            models.CheckConstraint(condition=Q(people__in=[1, 2]), name="rule_asks_one_or_two"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lte=F("valid_until")),
                name="rule_ends_after_it_begins",
            ),
        ]
        indexes = [models.Index(fields=["issuer", "position", "id"], condition=Q(state="on"), name="rule_in_force")]

    def __str__(self) -> str:
        return self.name

    @property
    def text(self) -> RuleText:
        """The rule as it stands in this version, for the pure evaluation."""
        return RuleText(
            id=self.pk,
            version=self.version,
            name=self.name,
            position=self.position,
            action=self.action,
            conditions=tuple(Condition.from_json(row) for row in self.conditions),
            if_unknown=self.if_unknown,
            people=self.people,
            terms=self.terms,
            chosen_kind=self.chosen_kind,
        )


class RuleChange(models.Model):
    """One change of a rule or of its state: from what to what, by whom and why. Append-only."""

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="changes", verbose_name=_("rule"))
    version = models.PositiveIntegerField(_("version"))
    created_at = models.DateTimeField(_("at"), default=now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    class Meta:
        verbose_name = _("change of a rule")
        verbose_name_plural = _("changes of rules")
        ordering = ["id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["rule", "id"], name="rule_change")]

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}"


class RuleSimulationQuerySet(models.QuerySet["RuleSimulation"]):
    def due(self, at: datetime) -> Self:
        """Simulations that may be worked on now."""
        return self.filter(next_at__lte=at)


class RuleSimulation(models.Model):
    """One rule in one version, tried on the past. `cursor` is the last sale that was looked at: work goes on there."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="simulations", verbose_name=_("rule"))
    version = models.PositiveIntegerField(_("version"))
    text = models.JSONField(_("rule as it was tried"))
    since = models.DateTimeField(_("paid since"))
    until = models.DateTimeField(_("paid before"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RUNNING)
    cursor = models.BigIntegerField(_("last sale looked at"), default=0)
    total = models.PositiveIntegerField(_("sales to look at"), default=0)
    looked_at = models.PositiveIntegerField(_("sales looked at"), default=0)
    without_draft = models.PositiveIntegerField(_("sales without a draft"), default=0)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("started"), default=now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    next_at = models.DateTimeField(_("worked on at"), null=True, blank=True, default=now)

    objects = RuleSimulationQuerySet.as_manager()

    class Meta:
        verbose_name = _("simulation of a rule")
        verbose_name_plural = _("simulations of rules")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=Q(state="running"), name="one_running_simulation_per_rule"
            ),
            models.CheckConstraint(
                condition=Q(state="running", next_at__isnull=False, ended_at=None)
                | Q(state="done", next_at=None, ended_at__isnull=False),
                name="simulation_runs_or_is_done",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="simulation_due"),
            models.Index(fields=["rule", "-id"], name="simulation_by_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}"
