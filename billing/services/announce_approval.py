"""People are told that a sale waits for them: at once, after a day, and those above them after three days.

And they are told when it is over, be it by an answer or because nothing is asked any more.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.models import Approval, ApprovalEvent, Correction, Sale
from notifications.services.alert import raise_alert, resolve_alert
from smartbill.lifecycle import Status

logger = logging.getLogger(__name__)

What = ApprovalEvent.What
STEPS = (
    (timedelta(days=1), "approval_old", What.REMINDED),
    (timedelta(days=3), "approval_very_old", What.ESCALATED),
)
"""Age, alert and event of each reminder, in order."""
FIRST = "approval_waiting"
BLOCKED = "approval_of_block"
AT_ONCE = 200
AFTER_DEFECT = timedelta(minutes=15)


def ask_people(approval: Approval, *, actor: Any = None, reason: str = "") -> Approval:
    """Store a new approval and tell those who may answer it."""
    approval.next_at = approval.created_at + STEPS[0][0]
    approval.save(force_insert=True)
    ApprovalEvent.objects.create(approval=approval, what=What.ASKED, actor=actor, reason=reason)
    _raise(BLOCKED if approval.is_block else FIRST, approval)
    return approval


def requesters_of(approval: Approval) -> set[int]:
    """Return those who want the sale issued and therefore do not answer: who asked, and who entered it by hand."""
    sale = approval.sale
    entered = sale.entry.entered_by_id if sale.is_manual else None
    return {person for person in (approval.requested_by_id, entered) if person is not None}


def _raise(kind: str, approval: Approval) -> None:
    raise_alert(kind=kind, key=_key(approval), context=_context(approval), besides=requesters_of(approval))


def lapse_approval(approval: Approval, reason: str) -> None:
    """End an approval without an answer: what it asked is not the question any more."""
    still_open = Approval.objects.open().filter(pk=approval.pk)
    if still_open.update(state=Approval.State.LAPSED, ended_at=now(), next_at=None):
        ApprovalEvent.objects.create(approval=approval, what=What.LAPSED, reason=reason)
        end_alerts(approval, state=str(Approval.State.LAPSED.label))


def lapse_needless(sale: Sale) -> None:
    """End what is asked about a sale whose document waits no more."""
    for approval in sale.approvals.open() if waits_no_more(sale) else ():
        lapse_approval(approval, _("The document waits no more."))


def waits_no_more(sale: Sale) -> bool:
    """Tell whether the document of a sale was issued or given up, and nobody is changing it."""
    if sale.document is None or sale.document.status in (Status.HELD, Status.REJECTED):
        return False
    return not Correction.objects.open().filter(sale=sale).exists()


def end_alerts(approval: Approval, *, state: str) -> None:
    """Tell those who were told that it is over."""
    for kind in (BLOCKED if approval.is_block else FIRST, *(kind for _age, kind, _what in STEPS)):
        resolve_alert(kind=kind, key=_key(approval), context={"state": state}, besides=requesters_of(approval))


def remind_due_approvals() -> int:
    """Remind of the approvals that are due; return how many. May be run at any time by any number of workers."""
    due = list(Approval.objects.due(now()).order_by("next_at", "id").values_list("pk", flat=True)[:AT_ONCE])
    for key in due:
        try:
            _remind(key, now())
        except Exception as error:
            # The class alone: messages of databases quote the data of customers.
            logger.error("Approval %s could not be reminded of: %s", key, type(error).__name__, exc_info=False)
            Approval.objects.open().filter(pk=key).update(next_at=now() + AFTER_DEFECT)
    return len(due)


def _remind(approval_id: int, at: datetime) -> None:
    with transaction.atomic():
        row = Approval.objects.open().due(at).select_for_update(no_key=True).filter(pk=approval_id).first()
        if row is None:
            return
        lapse_needless(row.sale)
        if not Approval.objects.open().filter(pk=row.pk).exists():
            return
        _step, kind, what = STEPS[row.reminders]
        later = STEPS[row.reminders + 1 :]
        row.reminders += 1
        row.next_at = row.created_at + later[0][0] if later else None
        row.save(update_fields=["reminders", "next_at"])
        ApprovalEvent.objects.create(approval=row, what=what)
        _raise(kind, row)


def _key(approval: Approval) -> str:
    return f"approval:{approval.pk}"


def _context(approval: Approval) -> dict[str, object]:
    """Return what the alert tells: nothing of the customer, and the page where it is answered."""
    sale = approval.sale
    return {
        "name": sale.number or sale.key,
        "path": reverse("admin:billing_approval_change", args=[approval.pk]),
        "amount": f"{approval.amount.normalize():,f} {approval.currency}",
        "rule": ", ".join(rule["name"] for rule in approval.rules),
        "since": approval.created_at.strftime("%Y-%m-%d %H:%M UTC"),
    }
