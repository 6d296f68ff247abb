"""Asking for the invalidation of an issued document; a worker carries it out through a manager key."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import Operation, Status
from smartbill.models import ApiKey, Document
from smartbill.permissions import require, require_reason
from smartbill.services.replace import live_replacement

GOING = (Status.INVALIDATING, Status.INVALIDATION_UNKNOWN)


def invalidation_blockers(document: Document) -> list[str]:
    """Return, in words, all that certainly forbids the invalidation; deadlines never do (the authority decides)."""
    blockers: list[str] = []
    if document.status == Status.CONTINGENCY:
        blockers.append(_("It has no seal yet; a document in contingency cannot be invalidated."))
    elif document.status == Status.UNKNOWN:
        blockers.append(_("It is in doubt whether it was issued; answer that first."))
    elif document.status != Status.STAMPED:
        blockers.append(_("Only a stamped document can be invalidated."))
    if document.credited:
        blockers.append(_("A live credit note stands against it; invalidate the note first."))
    replacement = live_replacement(document)
    if replacement is not None and replacement.status != Status.STAMPED:
        text = _("Its replacement %(number)s has to be stamped first, by law. It is “%(status)s”.")
        blockers.append(text % {"number": replacement, "status": replacement.get_status_display()})
    if document.replaces is not None and document.replaces.status in GOING:
        text = _("%(number)s, which it replaces, is being invalidated: wait until that is answered, or none is left.")
        blockers.append(text % {"number": document.replaces})
    if document.corrects is not None and (other := live_replacement(document.corrects)) is not None:
        text = _("It takes back what %(number)s took the place of: invalidate that one first, or both are in force.")
        blockers.append(text % {"number": other})
    keys = ApiKey.objects.usable().filter(issuer=document.issuer)
    if not keys.able_to(Operation.INVALIDATE).exists():
        if keys.exists():
            blockers.append(_("Only transmitter keys are set up; invalidating needs a key with the role manager."))
        else:
            blockers.append(_("The issuer has no usable API key."))
    return blockers


def request_invalidation(document: Document, *, actor: Any, reason: str) -> None:
    """Queue the invalidation, or raise PreconditionFailed before any call with every blocker in words."""
    require(actor, "smartbill.invalidate_document")
    reason = require_reason(reason)
    with transaction.atomic():
        # Locked, so that neither a credit note nor the invalidation of what stands beside it comes between what is read
        # and what is asked for.
        beside = Q(pk=document.pk) | Q(replaces=document.pk) | Q(replacements=document.pk) | Q(corrections=document.pk)
        keys = set(Document.objects.filter(beside).values_list("pk", flat=True))
        list(Document.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
        document.refresh_from_db()
        if blockers := invalidation_blockers(document):
            raise PreconditionFailed(" ".join(blockers))
        document.move_to(Status.INVALIDATING, actor=actor, reason=reason, next_at=now())


def withdraw_invalidation(document: Document, *, actor: Any) -> None:
    """Take back an invalidation that waits; refused while its call is under way, which nobody can stop."""
    require(actor, "smartbill.invalidate_document")
    with transaction.atomic():
        row = Document.objects.select_for_update().get(pk=document.pk)
        if row.status != Status.INVALIDATING:
            # Others may become stamped as well, but not because a person says so.
            raise TransitionRefused(row, Status.STAMPED)
        if row.attempts.open().filter(operation=Operation.INVALIDATE).exists():
            raise PreconditionFailed(_("The call is under way and cannot be stopped. Wait for its answer."))
        row.move_to(Status.STAMPED, actor=actor, reason=_("The invalidation was withdrawn before it was sent."))
