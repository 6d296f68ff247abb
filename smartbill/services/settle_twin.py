"""The end of an incident: the other document that the provider holds for a sale counts no more, or never was ours."""

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed
from smartbill.lifecycle import Operation, Status
from smartbill.models import Document
from smartbill.permissions import require_person, require_reason
from smartbill.providers.base import Reading
from smartbill.services.ask import read_remote
from smartbill.services.compare import ABSENT, NO_INFORMATION, may_be_ours
from smartbill.services.quiet import quiet_until


def settle_twin(document: Document, *, actor: Any, reason: str) -> None:
    """Close the incident once the provider says that at most one document for this sale is in force.

    That is: the other one is invalidated, does not exist, or belongs to another sale; or ours is the invalidated one.
    """
    require_person(actor, "smartbill.resolve_unknown")
    reason = require_reason(reason)
    code = document.twin_code
    if not code:
        raise PreconditionFailed(_("The provider holds no second document for this sale."))
    reading = read_remote(document, code=code, actor=actor)
    if reading.state == NO_INFORMATION:
        raise PreconditionFailed(_("The provider gave no answer that can be believed. Try again later."))
    if reading.state == ABSENT:
        _wait_for_quiet(document)
    elif _counts_beside_ours(document, reading):
        text = _("%(code)s is still valid at the provider. Invalidate it there first.")
        raise PreconditionFailed(text % {"code": code})
    with transaction.atomic():
        if Document.objects.filter(pk=document.pk, twin_code=code).update(twin_code=""):
            text = _("The second document %(code)s is settled: %(why)s") % {"code": code, "why": reason}
            document.events.create(before=document.status, after=document.status, actor=actor, reason=text)


def _counts_beside_ours(document: Document, reading: Reading) -> bool:
    is_in_force = reading.state != "invalidated" and document.status != Status.INVALIDATED
    return is_in_force and may_be_ours(document, reading)


def _wait_for_quiet(document: Document) -> None:
    """Refuse while "not there" proves nothing: the provider may still be at work on the last call."""
    last = document.attempts.filter(operation=Operation.SUBMIT).order_by("-id").first()
    if last is not None and now() < (until := quiet_until(last, document.issuer)):
        text = _("The provider may still be working on it. Answer again after %(time)s.")
        raise PreconditionFailed(text % {"time": until.astimezone(document.issuer.zone).strftime("%H:%M:%S")})
