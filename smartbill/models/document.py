"""The fiscal document: narrow, because its state changes; what it says is frozen in its revisions."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from smartbill.errors import TransitionRefused
from smartbill.lifecycle import FINAL, GIVEN_UP, ISSUED, STAGES, TRANSITIONS, VISIBLE_TO_CUSTOMER, Kind, Stage, Status
from smartbill.models.issuer import Issuer

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
REMOTE = sorted(ISSUED)
IN_DOUBT = [Status.UNKNOWN, Status.INVALIDATION_UNKNOWN]
CLAIMABLE = [Status.READY, Status.INVALIDATING]
"""States in which a worker makes the next call that changes the legal world."""


def new_reference() -> str:
    """Return a short random code without look-alikes; it is printed on the document and found by people."""
    return "".join(secrets.choice(ALPHABET) for _i in range(10))


class DocumentQuerySet(models.QuerySet["Document"]):
    def due(self, at: datetime) -> Self:
        """Documents whose next automatic step is due."""
        return self.filter(next_at__lte=at)

    def to_send(self, at: datetime) -> Self:
        """Documents that wait for a call of submission or invalidation, the longest waiting first.

        Never one to submit for whose sale the provider is known to hold another.
        """
        alone = models.Q(twin_code="") | ~models.Q(status=Status.READY)
        return self.due(at).filter(alone, status__in=CLAIMABLE).order_by("next_at", "id")

    def unknown(self) -> Self:
        return self.filter(status__in=IN_DOUBT)

    def with_counts(self) -> Self:
        """Say of each as `counts` whether it counts in figures, credit notes with a minus: no sale counts twice.

        What replaces another counts from the moment at which that one is invalidated, or a note over all of it stamped.
        """
        whole = Document.objects.filter(
            corrects=models.OuterRef("replaces"), total=models.OuterRef("replaces__total"), status=Status.STAMPED
        )
        took_over = Q(replaces=None) | Q(replaces__status=Status.INVALIDATED) | models.Exists(whole)
        in_force = Q(status__in=[status for status in REMOTE if status != Status.INVALIDATED])
        return self.annotate(counts=models.ExpressionWrapper(in_force & took_over, models.BooleanField()))


class Document(models.Model):
    """One fiscal document of one sale. `source` is the sale's opaque business key."""

    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_reference, editable=False)
    issuer = models.ForeignKey(Issuer, models.PROTECT, related_name="documents", verbose_name=_("issuer"))
    source = models.CharField(_("source"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=20, default="sale")
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    series = models.CharField(_("series of numbers"), max_length=40, blank=True)
    livemode = models.BooleanField(_("live mode"))

    status = models.CharField(_("status"), max_length=24, choices=Status)
    status_since = models.DateTimeField(_("in this state since"), default=now)
    reason = models.TextField(_("reason"), blank=True)
    next_at = models.DateTimeField(_("next step at"), null=True, blank=True)
    render_at = models.DateTimeField(_("PDF due at"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries in this state"), default=0)

    currency = models.CharField(_("currency"), max_length=3)
    total = models.DecimalField(_("total"), max_digits=16, decimal_places=3)
    charged_currency = models.CharField(_("currency charged"), max_length=3, blank=True)
    charged_total = models.DecimalField(_("total charged"), max_digits=16, decimal_places=3, null=True, blank=True)
    exchange_rate = models.DecimalField(_("exchange rate"), max_digits=24, decimal_places=12, null=True, blank=True)
    customer_name = models.CharField(_("customer"), max_length=250, blank=True)
    customer_tax_id = models.CharField(_("customer's tax id"), max_length=25, blank=True)
    customer_email = models.CharField(_("customer's e-mail"), max_length=254, blank=True)
    customer_reference = models.CharField(_("customer at the payment provider"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=2)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections", verbose_name=_("corrects")
    )
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replacements", verbose_name=_("replaces")
    )
    credited = models.DecimalField(_("credited by live notes"), max_digits=16, decimal_places=3, default=0)

    generation_code = models.CharField(_("generation code"), max_length=36, blank=True)
    control_number = models.CharField(_("control number"), max_length=40, blank=True)
    number_year = models.PositiveSmallIntegerField(_("year of the control number"), null=True, blank=True)
    seal = models.CharField(_("seal"), max_length=60, blank=True)
    issued_at = models.DateTimeField(_("issued"), null=True, blank=True)
    stamped_at = models.DateTimeField(_("stamped"), null=True, blank=True)
    invalidated_at = models.DateTimeField(_("invalidated"), null=True, blank=True)
    untold = models.BooleanField(_("nobody was told"), default=False)
    provider_url = models.CharField(_("provider's page"), max_length=500, blank=True)
    clash = models.TextField(_("clash of numbers"), blank=True)
    twin_code = models.CharField(_("second document at the provider"), max_length=36, blank=True)
    render_error = models.CharField(_("why there is no PDF"), max_length=300, blank=True)
    difference = models.TextField(_("difference to the remote document"), blank=True)

    occurred_at = models.DateTimeField(_("paid"))
    created_at = models.DateTimeField(_("created"), default=now)
    updated_at = models.DateTimeField(_("changed"), default=now)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["-created_at", "-id"]
        permissions = [
            ("submit_document", _("Can send a document to the tax authority")),
            ("correct_document", _("Can correct or abandon a document that was not issued")),
            ("invalidate_document", _("Can invalidate an issued document")),
            ("resolve_unknown", _("Can decide what became of a document in doubt")),
            ("credit_document", _("Can issue a credit note")),
            ("export_document", _("Can export documents")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "purpose"], name="one_document_per_sale_and_purpose"),
            models.UniqueConstraint(
                fields=["issuer", "generation_code"],
                condition=~Q(generation_code=""),
                name="one_document_per_generation_code",
            ),
            # Numbers begin anew each calendar year.
            models.UniqueConstraint(
                fields=["issuer", "control_number", "number_year"],
                condition=~Q(control_number=""),
                name="one_document_per_control_number_and_year",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=REMOTE) & ~Q(generation_code=""))
                | (~Q(status__in=REMOTE) & Q(generation_code="")),
                name="issued_means_identified",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.STAMPED, Status.INVALIDATING, Status.INVALIDATED]) | ~Q(seal=""),
                name="stamped_means_sealed",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="document_status_is_known"),
            models.CheckConstraint(
                condition=Q(credited__gte=0) & Q(credited__lte=F("total")), name="credited_within_the_total"
            ),
            models.CheckConstraint(
                condition=Q(credited=0) | Q(status=Status.STAMPED), name="credited_means_stamped_and_in_force"
            ),
            models.CheckConstraint(
                condition=(Q(kind=Kind.CREDIT_NOTE) & Q(corrects__isnull=False))
                | (~Q(kind=Kind.CREDIT_NOTE) & Q(corrects=None)),
                name="credit_note_names_what_it_corrects",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None) | (~Q(kind=Kind.CREDIT_NOTE) & ~Q(replaces=F("id"))),
                name="replacement_is_a_document_of_its_own",
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(replaces__isnull=False) & ~Q(status__in=sorted(GIVEN_UP)),
                name="one_live_replacement_per_document",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="document_newest"),
            models.Index(fields=["status", "-created_at", "-id"], name="document_by_status"),
            models.Index(fields=["kind", "-created_at", "-id"], name="document_by_kind"),
            models.Index(fields=["livemode", "-created_at", "-id"], name="document_by_mode"),
            # What waits is counted and dated on the desk: the rows at rest are not in here.
            models.Index(
                fields=["status", "status_since"], condition=~Q(status__in=sorted(FINAL)), name="document_waiting"
            ),
            models.Index(fields=["status_since"], condition=Q(status__in=IN_DOUBT), name="document_in_doubt"),
            models.Index(fields=["next_at", "id"], condition=Q(next_at__isnull=False), name="document_due"),
            models.Index(
                fields=["issuer", "next_at", "id"],
                condition=Q(next_at__isnull=False, status__in=CLAIMABLE),
                name="document_to_send",
            ),
            models.Index(fields=["render_at", "id"], condition=Q(render_at__isnull=False), name="document_to_render"),
            models.Index(fields=["status_since"], condition=Q(untold=True), name="document_untold"),
            models.Index(
                fields=["status_since"],
                condition=~Q(difference="") | ~Q(clash="") | ~Q(twin_code="") | ~Q(render_error=""),
                name="document_amiss",
            ),
            models.Index(fields=["generation_code"], name="document_by_code"),
            models.Index(fields=["control_number"], name="document_by_control_number"),
            models.Index(Upper("customer_email"), name="document_by_email"),
            models.Index(fields=["customer_reference", "-id"], name="document_by_customer"),
            models.Index(fields=["customer_tax_id", "-id"], name="document_by_tax_id"),
            models.Index(fields=["total", "id"], name="document_by_total"),
            models.Index(
                fields=["issuer", "kind", "stamped_at"],
                condition=Q(stamped_at__isnull=False),
                name="document_by_stamp",
            ),
        ]

    def __str__(self) -> str:
        return self.control_number or self.reference

    def get_absolute_url(self) -> str:
        """Return the page of this document in the admin."""
        return reverse("admin:smartbill_document_change", args=[self.pk])

    @property
    def stage(self) -> Stage:
        return STAGES[self.status]

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def has_link(self) -> bool:
        """Whether there is an address at which the customer sees the document."""
        return self.status in VISIBLE_TO_CUSTOMER and self.links.filter(revoked_at=None).exists()

    @property
    def alarms(self) -> bool:
        """Whether the document has been in its state for longer than that state allows."""
        limit = self.stage.alarm_after
        return limit is not None and now() - self.status_since > limit

    def move_to(
        self,
        to: str,
        *,
        actor: Any = None,
        reason: str = "",
        next_at: datetime | None = None,
        detail: dict[str, Any] | None = None,
        **changes: Any,
    ) -> None:
        """Change state and write the event in one transaction, or raise TransitionRefused.

        The row is updated only while it still has the state that was read, so a second worker or a second click
        finds nothing to update. `reason` is kept on the document and in the event.
        """
        if to not in TRANSITIONS[self.status]:
            raise TransitionRefused(self, to)
        at = now()
        with transaction.atomic():
            row = Document.objects.filter(pk=self.pk, status=self.status)
            if not row.update(**self.moved(to, at=at, reason=reason, next_at=next_at, **changes)):
                raise TransitionRefused(self, to)
            self.events.create(
                before=self.status, after=to, actor=actor, reason=reason, detail=detail or {}, created_at=at
            )
        self.refresh_from_db()

    @staticmethod
    def moved(
        to: str, *, at: datetime, reason: str = "", next_at: datetime | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Return the columns of a document that comes into a state, for whoever writes many at once."""
        return {
            "status": to,
            "status_since": at,
            "updated_at": at,
            "reason": reason,
            "next_at": next_at,
            "tries": 0,
            **changes,
        }

    @classmethod
    def move_all(cls, documents: Sequence["Document"], to: str, *, next_at: datetime | None = None) -> None:
        """Move documents of one state together: one UPDATE and one INSERT, or raise TransitionRefused for all.

        For rows that the caller has locked in its transaction; `tries` stays as it is.
        """
        before = documents[0].status
        if to not in TRANSITIONS[before]:
            raise TransitionRefused(documents[0], to)
        at = now()
        rows = cls.objects.filter(pk__in=[document.pk for document in documents], status=before)
        with transaction.atomic():
            moved = rows.update(status=to, status_since=at, updated_at=at, reason="", next_at=next_at)
            if moved != len(documents):
                raise TransitionRefused(documents[0], to)
            event = documents[0].events.model
            event.objects.bulk_create(
                event(document=document, before=before, after=to, created_at=at) for document in documents
            )
