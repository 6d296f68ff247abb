"""Ending what a person signs in with: after a lost phone, a theft, or when they leave."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from config.sign_in.session import end_sessions
from config.trail import acting
from notifications.permissions import require

CHANGE = "auth.change_user"


def reset_second_factor(user: Any, *, actor: Any, reason: str) -> int:
    """Remove every factor of a person and end their sessions; at the next sign-in they set up a new one.

    `actor` is a person, or the name of a command. Returns how many sessions ended. Raises PermissionDenied, or
    ValidationError where there is no reason or nothing to remove.
    """
    check_right(actor, over=user)
    if not reason.strip():
        raise ValidationError(_("Give a reason."))
    with acting(actor, reason=reason):
        removed, _each = Authenticator.objects.filter(user_id=user.pk).delete()
        if not removed:
            raise ValidationError(_("This person has no second factor."))
        return end_sessions(user)


def sign_out(user: Any, *, actor: Any) -> int:
    """Sign a person out everywhere; return how many sessions ended. Raises PermissionDenied."""
    check_right(actor, over=user)
    return end_sessions(user)


def check_right(actor: Any, *, over: Any) -> None:
    """Raise PermissionDenied unless the actor may change this person: a superuser is changed by superusers alone."""
    if isinstance(actor, str):
        return
    require(actor, CHANGE)
    if over.is_superuser and not actor.is_superuser:
        raise PermissionDenied(_("Only a superuser changes a superuser."))
