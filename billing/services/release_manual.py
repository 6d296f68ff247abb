"""A document made by hand is let go, or withdrawn, by whoever may."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import NotHeld, SecondPersonNeeded
from billing.models import ManualEntry, Sale
from billing.services.enter_manual import ENTER, RELEASE
from billing.services.register_sale import give_back_payments, note, take_up
from smartbill.errors import Problem
from smartbill.permissions import require_person, require_reason


def release_manual(sale: Sale, *, actor: Any, reason: str) -> None:
    """Let a held sale that was entered by hand be issued.

    Raises PermissionDenied, ReasonMissing, NotHeld, or SecondPersonNeeded: above the issuer's amount, who entered it
    does not let it go.
    """
    require_person(actor, RELEASE)
    reason = require_reason(reason)
    with transaction.atomic():
        entry = _held_entry(sale)
        if entry.needs_second and entry.entered_by_id == actor.pk:
            raise SecondPersonNeeded
        ManualEntry.objects.filter(pk=entry.pk).update(released_by=actor, released_at=now())
        take_up(sale, actor=actor, reason=_("Let go: %(why)s") % {"why": reason})


def withdraw_manual(sale: Sale, *, actor: Any, reason: str) -> None:
    """End a sale that was entered by hand and not let go; a payment that was linked to it gets its own sale.

    Raises PermissionDenied, ReasonMissing or NotHeld.
    """
    require_person(actor, ENTER)
    reason = require_reason(reason)
    with transaction.atomic():
        entry = _held_entry(sale)
        ManualEntry.objects.filter(pk=entry.pk).update(withdrawn_at=now())
        text = _("Withdrawn: %(why)s") % {"why": reason}
        reasons = [Problem("sale", "withdrawn", text).as_json()]
        Sale.objects.filter(pk=sale.pk).update(
            outcome=Sale.Outcome.NOT_APPLICABLE, reasons=reasons, next_at=None, updated_at=now()
        )
        note(sale, Sale.Outcome.HELD, Sale.Outcome.NOT_APPLICABLE, reason=text, actor=actor)
        give_back_payments(sale, was_linked=entry.linked_at is not None)
    sale.refresh_from_db()


def _held_entry(sale: Sale) -> ManualEntry:
    """Return the entry of a sale that waits to be let go, under the lock of both."""
    row = Sale.objects.select_for_update(no_key=True).get(pk=sale.pk)
    entry = ManualEntry.objects.select_for_update().filter(sale=row, released_at=None, withdrawn_at=None).first()
    if entry is None or row.outcome != Sale.Outcome.HELD:
        raise NotHeld
    return entry
