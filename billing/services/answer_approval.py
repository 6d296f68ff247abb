"""People answer: they approve what a rule holds, lift its block, or refuse; with a reason, and never their own."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import NotWaiting, OwnRequest
from billing.models import Approval, ApprovalEvent, Sale
from billing.services.announce_approval import ask_people, end_alerts, requesters_of, waits_no_more
from billing.services.register_sale import note, take_up
from smartbill.permissions import require_person, require_reason

State, What = Approval.State, ApprovalEvent.What
RIGHT, HIGHER = "billing.answer_approval", "billing.lift_block"


def right_for(approval: Approval) -> str:
    """Return the permission that an answer to this approval asks for."""
    return HIGHER if approval.is_block else RIGHT


def grant_approval(approval: Approval, *, actor: Any, reason: str) -> bool:
    """Approve; True when another person has to approve as well. The sale then goes on by itself.

    Raises PermissionDenied, ReasonMissing, NotWaiting when it is answered or not what the page showed, or OwnRequest.
    """
    reason = _checked(approval, actor, reason)
    with transaction.atomic():
        row = _locked(approval)
        if actor.pk in {row.first_by_id, *requesters_of(row)}:
            raise OwnRequest
        is_first_of_two = row.needed > 1 and row.first_by_id is None
        ApprovalEvent.objects.create(approval=row, what=What.APPROVED, actor=actor, reason=reason)
        if is_first_of_two:
            Approval.objects.open().filter(pk=row.pk).update(first_by=actor)
        else:
            _end(row, State.GRANTED, actor)
            wake(row.sale, actor=actor, reason=_("Approved: %(why)s") % {"why": reason})
    approval.refresh_from_db()
    return is_first_of_two


def refuse_approval(approval: Approval, *, actor: Any, reason: str) -> None:
    """Refuse: no document is made until somebody asks again. Who gave the first approval may refuse after all.

    Raises PermissionDenied, ReasonMissing, NotWaiting or OwnRequest.
    """
    reason = _checked(approval, actor, reason)
    with transaction.atomic():
        row = _locked(approval)
        if actor.pk in requesters_of(row):
            raise OwnRequest
        ApprovalEvent.objects.create(approval=row, what=What.REFUSED, actor=actor, reason=reason)
        _end(row, State.REFUSED, actor)
        wake(row.sale, actor=actor, reason=_("Refused: %(why)s") % {"why": reason})
    approval.refresh_from_db()


def ask_again(approval: Approval, *, actor: Any, reason: str) -> Approval:
    """Ask anew for what was refused; who asks is the requester, and another person has to answer.

    Raises PermissionDenied, ReasonMissing, or NotWaiting when it was not refused or something else happened since.
    """
    require_person(actor, "billing.retry_sale")
    reason = require_reason(reason)
    with transaction.atomic():
        sale = Sale.objects.select_for_update(no_key=True).get(pk=approval.sale_id)
        newest = sale.approvals.order_by("-id").first()
        if newest is None or newest.pk != approval.pk or newest.state != State.REFUSED:
            raise NotWaiting
        if sale.outcome == Sale.Outcome.NOT_APPLICABLE:
            raise NotWaiting
        kept = ("decision", "rules", "subject", "amount", "currency", "is_block", "people")
        values = {name: getattr(newest, name) for name in kept}
        asked = ask_people(Approval(sale=sale, requested_by=actor, **values), actor=actor, reason=reason)
        wake(sale, actor=actor, reason=_("Asked again: %(why)s") % {"why": reason})
    return asked


def _checked(approval: Approval, actor: Any, reason: str) -> str:
    require_person(actor, right_for(approval))
    return require_reason(reason)


def _locked(approval: Approval) -> Approval:
    """Take the sale and then its approval, as who decides the sale does; what was shown must still be what is asked."""
    Sale.objects.select_for_update(no_key=True).get(pk=approval.sale_id)
    rows = Approval.objects.select_for_update(of=("self",)).select_related("sale__endpoint__issuer", "sale__document")
    row = rows.get(pk=approval.pk)
    if row.state != State.OPEN or waits_no_more(row.sale):
        raise NotWaiting
    return row


def _end(row: Approval, state: str, actor: Any) -> None:
    if not Approval.objects.open().filter(pk=row.pk).update(state=state, ended_at=now(), ended_by=actor, next_at=None):
        raise NotWaiting
    end_alerts(row, state=str(State(state).label))


def wake(sale: Sale, *, actor: Any, reason: str) -> None:
    """Have the sale decided again, or the document that it has looked at again; either asks the rules once more."""
    if take_up(sale, actor=actor, reason=reason):
        return
    if sale.document_id is not None:
        Sale.objects.filter(pk=sale.pk).update(buyer_due_at=now())
    note(sale, sale.outcome, sale.outcome, reason=reason, actor=actor)
