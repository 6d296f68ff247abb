"""Members of staff with exactly the rights a test is about, signed in as people are: with a second factor."""

import time
from itertools import count

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth.models import Permission, User
from django.test import Client

_numbers = count(1)


def make_staff(*permissions: str, **changes: object) -> User:
    """Return a member of staff with these permissions, each written `app.codename`."""
    user = User.objects.create_user(f"person{next(_numbers)}", is_staff=True, **changes)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def signed_in(*permissions: str, **changes: object) -> Client:
    """Return a browser in which such a person is signed in."""
    return open_session(make_staff(*permissions, **changes))


def open_session(user: User, *, proved: float = 0, client: Client | None = None) -> Client:
    """Return a browser in which this person gave a second factor `proved` seconds ago."""
    client = client or Client()
    client.force_login(user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time() - proved}]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
    session.save()
    return client
