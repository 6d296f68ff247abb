"""A session as the sign-in leaves it, with its second factor, for browsers of the bench."""

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore

from config.sign_in.session import SECOND_FACTOR, SEEN, STARTED


def session_of(clerk: User) -> str:
    """Return the key of a new session of this person."""
    session = SessionStore()
    session["_auth_user_id"] = str(clerk.pk)
    session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
    session["_auth_user_hash"] = clerk.get_session_auth_hash()
    session[STARTED] = session[SEEN] = int(time.time())
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": SECOND_FACTOR, "at": time.time()}]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(clerk.pk)
    session.save()
    return str(session.session_key)
