"""Answers about a document in doubt that wait for a second person, and what became of them."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.models.attempt import Attempt
from smartbill.models.document import Document


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> Self:
        """Proposals that wait for another person."""
        return self.filter(ended_at=None)


class Proposal(models.Model):
    """What one person says became of an attempt; it takes effect only when another person confirms it.

    The database holds it to that: one open proposal per document, and who confirms is never who proposed.
    """

    class Answer(models.TextChoices):
        FOUND = "found", _("It was issued: take the code")
        NOT_ISSUED = "not_issued", _("It was not issued: send again")

    class Ending(models.TextChoices):
        CONFIRMED = "confirmed", _("Confirmed")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("Lapsed")

    document = models.ForeignKey(Document, models.PROTECT, related_name="proposals", verbose_name=_("document"))
    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="proposals", verbose_name=_("attempt"))
    answer = models.CharField(_("answer"), max_length=12, choices=Answer)
    code = models.CharField(_("generation code"), max_length=36, blank=True)
    reason = models.TextField(_("reason"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), default=now)
    ending = models.CharField(_("what became of it"), max_length=10, choices=Ending, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("ended by")
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["document"], condition=Q(ended_at=None), name="one_open_proposal_per_document"
            ),
            models.CheckConstraint(
                condition=(Q(ended_at=None) & Q(ending="")) | (Q(ended_at__isnull=False) & ~Q(ending="")),
                name="proposal_ends_in_a_way",
            ),
            models.CheckConstraint(
                condition=~Q(ending__in=["confirmed", "declined"])
                | (Q(ended_by__isnull=False) & ~Q(ended_by=F("proposed_by"))),
                name="second_person_is_another",
            ),
            models.CheckConstraint(
                condition=~Q(ending="withdrawn") | Q(ended_by=F("proposed_by")), name="proposer_withdraws"
            ),
            models.CheckConstraint(
                condition=(Q(answer="found") & ~Q(code="")) | (Q(answer="not_issued") & Q(code="")),
                name="found_names_a_code",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} {self.answer}"
