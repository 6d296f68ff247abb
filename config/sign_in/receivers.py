"""What follows when somebody signed in, or set up or removed a second factor."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from config.sign_in import session


def on_signed_in(sender: Any, request: HttpRequest | None, user: Any, **_kwargs: Any) -> None:
    if request is not None:
        session.start(request)


def on_factor_added(sender: Any, request: HttpRequest, user: Any, authenticator: Authenticator, **_kwargs: Any) -> None:
    """A code or key was shown just now: this session has its second factor, all others must show theirs."""
    session.prove(request, user, session.SECOND_FACTOR, id=authenticator.pk, type=authenticator.type)
    session.end_sessions(user, but=request.session.session_key)


def on_factor_removed(
    sender: Any, request: HttpRequest, user: Any, authenticator: Authenticator, **_kwargs: Any
) -> None:
    """Without any factor that opens a session, the person is led to set up another one."""
    session.end_sessions(user, but=request.session.session_key)
    if not Authenticator.objects.filter(user_id=user.pk).exclude(type=Authenticator.Type.RECOVERY_CODES).exists():
        session.forget_proofs(request)
