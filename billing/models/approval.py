"""What rules said about a sale, and the approvals that people gave or refused because of it."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from billing.models.sale import Sale


class RuleDecision(models.Model):
    """One evaluation: every rule with its version and text, each condition and what was found. Append-only.

    It stays readable whatever becomes of the rules; one is written when something was said that was not said before.
    """

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="rule_decisions", verbose_name=_("sale"))
    created_at = models.DateTimeField(_("at"), default=now)
    looks = models.JSONField(_("rules looked at"))

    class Meta:
        verbose_name = _("decision of the rules")
        verbose_name_plural = _("decisions of the rules")
        ordering = ["id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["sale", "-id"], name="rule_decision_by_sale")]

    def __str__(self) -> str:
        return f"{self.sale} {self.created_at:%Y-%m-%d %H:%M}"


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def open(self) -> Self:
        """Approvals that wait for an answer."""
        return self.filter(state=Approval.State.OPEN)

    def due(self, at: datetime) -> Self:
        """Approvals of which people are to be reminded now."""
        return self.filter(next_at__lte=at)


class Approval(models.Model):
    """A sale that waits for people, or for which they answered. `subject` is what they are asked about, and all that a
    granted one covers: total, kind and buyer. `rules` are the rules that asked, each with its version.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Waiting")
        GRANTED = "granted", _("Approved")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Lapsed")

    sale = models.ForeignKey(Sale, models.PROTECT, related_name="approvals", verbose_name=_("sale"))
    decision = models.ForeignKey(RuleDecision, models.PROTECT, related_name="+", verbose_name=_("decision"))
    rules = models.JSONField(_("rules that asked"))
    subject = models.JSONField(_("what is approved"))
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=3)
    currency = models.CharField(_("currency"), max_length=3)
    is_block = models.BooleanField(_("blocked"))
    people = models.PositiveSmallIntegerField(_("people needed"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("asked by")
    )
    created_at = models.DateTimeField(_("since"), default=now)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    first_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("first answer"),
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("last answer")
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=0)
    next_at = models.DateTimeField(_("next reminder"), null=True, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("answer_approval", _("Can approve and refuse sales that a rule holds")),
            ("lift_block", _("Can lift the block of a rule")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["sale"], condition=Q(state="open"), name="one_open_approval_per_sale"),
            models.CheckConstraint(condition=Q(people__in=[1, 2]), name="approval_needs_one_or_two"),
            models.CheckConstraint(condition=~Q(rules=[]), name="approval_names_its_rules"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None, ended_by=None)
                | Q(state="lapsed", ended_at__isnull=False, ended_by=None, next_at=None)
                | Q(state__in=["granted", "refused"], ended_at__isnull=False, ended_by__isnull=False, next_at=None),
                name="approval_ends_by_an_answer_or_lapses",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted", people=2) | Q(first_by__isnull=False), name="second_approval_has_a_first"
            ),
            models.CheckConstraint(
                condition=Q(first_by=None) | Q(ended_by=None) | ~Q(ended_by=F("first_by")) | Q(state="refused"),
                name="second_approval_is_by_another",
            ),
            models.CheckConstraint(
                condition=Q(requested_by=None)
                | (
                    (Q(first_by=None) | ~Q(first_by=F("requested_by")))
                    & (Q(ended_by=None) | ~Q(ended_by=F("requested_by")))
                ),
                name="nobody_answers_their_own_request",
            ),
        ]
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="approval_due"),
            models.Index(fields=["created_at", "id"], condition=Q(state="open"), name="approval_open"),
            models.Index(fields=["sale", "-id"], name="approval_by_sale"),
            models.Index(fields=["-created_at", "-id"], name="approval_newest"),
            models.Index(fields=["state", "-id"], name="approval_by_state"),
        ]

    def __str__(self) -> str:
        return str(self.sale)

    @property
    def needed(self) -> int:
        """How many people have to approve: those of the rules, two above the issuer's amount as it is set now."""
        above = self.first_by_id is not None or self.sale.endpoint.issuer.needs_second(self.amount)
        return 2 if above else self.people


class ApprovalEvent(models.Model):
    """What happened to an approval: asked, answered, reminded of, lapsed. Append-only."""

    class What(models.TextChoices):
        ASKED = "asked", _("Asked")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        LAPSED = "lapsed", _("Lapsed")
        REMINDED = "reminded", _("Reminded")
        ESCALATED = "escalated", _("Escalated")

    approval = models.ForeignKey(Approval, models.PROTECT, related_name="events", verbose_name=_("approval"))
    created_at = models.DateTimeField(_("at"), default=now)
    what = models.CharField(_("what happened"), max_length=10, choices=What)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("event of an approval")
        verbose_name_plural = _("events of approvals")
        ordering = ["id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["approval", "actor"], condition=Q(what="approved"), name="one_approval_per_person"
            ),
            models.CheckConstraint(
                condition=~Q(what__in=["approved", "refused"]) | (Q(actor__isnull=False) & ~Q(reason="")),
                name="answer_has_person_and_reason",
            ),
        ]
        indexes = [models.Index(fields=["approval", "id"], name="approval_event")]

    def __str__(self) -> str:
        return f"{self.approval} {self.what}"
