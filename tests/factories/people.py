"""Members of staff with exactly the rights a test is about."""

from itertools import count

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
    client = Client()
    client.force_login(make_staff(*permissions, **changes))
    return client
