"""Rights are checked where the act is, not only where the button is."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from notifications.errors import ReasonMissing

RESEND = "notifications.resend_message"


def require(actor: Any, permission: str) -> None:
    """Raise PermissionDenied unless the person holds the permission; nobody is not a person."""
    if actor is None or not actor.has_perm(permission):
        raise PermissionDenied(_("You lack the permission %(permission)s.") % {"permission": permission})


def require_reason(reason: str) -> str:
    """Return the reason without blanks around it, or raise ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()
