"""The table of states: what a document may become, when a state alarms, who may act, and what happens next.

Services, admin, API, tests and the README's picture read this table; nothing else decides what is allowed.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    HELD = "held", _("Held")
    READY = "ready", _("Ready to send")
    SUBMITTING = "submitting", _("Being sent")
    STAMPED = "stamped", _("Stamped")
    CONTINGENCY = "contingency", _("In contingency")
    REJECTED = "rejected", _("Rejected")
    UNKNOWN = "unknown", _("In doubt")
    INVALIDATING = "invalidating", _("Being invalidated")
    INVALIDATION_UNKNOWN = "invalidation_unknown", _("Invalidation in doubt")
    INVALIDATED = "invalidated", _("Invalidated")
    ABANDONED = "abandoned", _("Abandoned")


S = Status

TRANSITIONS: dict[str, frozenset[str]] = {
    S.HELD: frozenset({S.READY, S.ABANDONED}),
    # To UNKNOWN: proof of the first attempt arrives after a person said "not issued" and before it is sent again.
    S.READY: frozenset({S.SUBMITTING, S.HELD, S.ABANDONED, S.UNKNOWN}),
    S.SUBMITTING: frozenset({S.STAMPED, S.CONTINGENCY, S.REJECTED, S.UNKNOWN, S.READY}),
    S.STAMPED: frozenset({S.INVALIDATING}),
    S.CONTINGENCY: frozenset({S.STAMPED}),
    S.REJECTED: frozenset({S.READY, S.ABANDONED}),
    S.UNKNOWN: frozenset({S.STAMPED, S.CONTINGENCY, S.REJECTED, S.READY}),
    S.INVALIDATING: frozenset({S.INVALIDATED, S.STAMPED, S.INVALIDATION_UNKNOWN}),
    S.INVALIDATION_UNKNOWN: frozenset({S.STAMPED, S.INVALIDATED}),
    S.INVALIDATED: frozenset(),
    S.ABANDONED: frozenset(),
}

GIVEN_UP = frozenset({S.ABANDONED, S.INVALIDATED})
"""States from which nothing counts any more: another document may take this one's place."""

FINAL = frozenset({S.STAMPED, *GIVEN_UP})
"""States in which nobody owes the document anything; STAMPED can still be invalidated."""

ISSUED = frozenset({S.STAMPED, S.CONTINGENCY, S.INVALIDATING, S.INVALIDATION_UNKNOWN, S.INVALIDATED})
"""States in which the remote has the document: exactly these carry a generation code."""

VISIBLE_TO_CUSTOMER = ISSUED


@dataclass(frozen=True, slots=True)
class Stage:
    """What a state means to people: when it alarms, what comes next by itself, and which action may end it."""

    meaning: Promise
    next_step: Promise
    alarm_after: timedelta | None = None
    actions: tuple[str, ...] = ()


STAGES: dict[str, Stage] = {
    S.HELD: Stage(
        _("Data are missing or contradictory. Nothing was sent."),
        _("Waits for a person to correct the data."),
        timedelta(hours=24),
        ("correct", "abandon"),
    ),
    S.READY: Stage(
        _("Complete and waiting to be sent."),
        _("A worker sends it at the time shown."),
        timedelta(minutes=15),
        ("send", "abandon"),
    ),
    S.SUBMITTING: Stage(
        _("A call to the provider is under way."),
        _("The answer is recorded, or the document is in doubt after the deadline."),
        timedelta(minutes=5),
        (),
    ),
    S.STAMPED: Stage(
        _("Issued and stamped by the tax authority."),
        _("Nothing is left to do."),
        None,
        ("invalidate", "resend_mail"),
    ),
    S.CONTINGENCY: Stage(
        _("Issued; the tax authority's stamp is pending."),
        _("The provider is asked for the stamp at the time shown."),
        timedelta(hours=24),
        ("retry_contingency", "resend_mail"),
    ),
    S.REJECTED: Stage(
        _("The provider or the tax authority refused it. Nothing was issued."),
        _("Waits for a person to correct the data."),
        timedelta(hours=24),
        ("correct", "abandon"),
    ),
    S.UNKNOWN: Stage(
        _("The answer was lost: it may or may not have been issued. It is never sent again by itself."),
        _("Any code that was seen is looked up; otherwise a person answers whether it was issued."),
        timedelta(minutes=15),
        ("found", "not_issued", "look_up"),
    ),
    S.INVALIDATING: Stage(
        _("An invalidation is under way."),
        _("A worker sends it at the time shown and records the answer."),
        timedelta(minutes=15),
        ("withdraw_invalidation",),
    ),
    S.INVALIDATION_UNKNOWN: Stage(
        _("The answer to the invalidation was lost. The document is looked up."),
        _("The document is read again at the time shown."),
        timedelta(minutes=15),
        ("look_up",),
    ),
    S.INVALIDATED: Stage(_("Invalidated at the tax authority."), _("Nothing is left to do.")),
    S.ABANDONED: Stage(_("Given up with a reason. Nothing was issued."), _("Nothing is left to do.")),
}


class Outcome(TextChoices):
    """How an attempt ended. NULL in the database while it is open."""

    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    NOT_SENT = "not_sent", _("Not sent")
    UNKNOWN = "unknown", _("In doubt")


class Operation(TextChoices):
    SUBMIT = "submit", _("Submission")
    INVALIDATE = "invalidate", _("Invalidation")


class Kind(TextChoices):
    """Kinds of document, by the tax authority's names."""

    FACTURA = "factura", _("Factura")
    CCF = "ccf", _("Comprobante de crédito fiscal")
    EXPORT = "export", _("Factura de exportación")
    CREDIT_NOTE = "credit_note", _("Nota de crédito")


REGISTERED = frozenset({Kind.CCF, Kind.CREDIT_NOTE})
"""Kinds whose prices are net and whose receiver is registered for IVA: the CCF and the note that corrects it."""
