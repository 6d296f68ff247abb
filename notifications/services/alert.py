"""Warning people once of what goes on, and telling them when it is over.

Both may be called inside the caller's transaction, as often as one likes and from any number of processes: the partial
unique index lets one open alert exist per kind and key, and only who wrote or closed the row tells of it.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.timezone import now

from notifications.alerts import KINDS
from notifications.emails import one_line
from notifications.errors import InvalidAlert
from notifications.models import Alert
from notifications.services.tell_alert import tell_raised, tell_resolved

COUNTED_EVERY = timedelta(minutes=1)
KEY_LENGTH, VALUE_LENGTH = 120, 500


def raise_alert(*, kind: str, key: str, context: dict[str, Any] | None = None, besides: Collection[int] = ()) -> None:
    """Open an alert and mail its audience; while one of this kind and key is open, only count.

    It is counted once a minute, so that hot paths neither write nor wait. `context` holds plain values and nothing
    personal; `besides` are people who get no mail, because they can do nothing about it. InvalidAlert if there is no
    such kind.
    """
    _check(kind, key)
    alert = Alert.objects.open().filter(kind=kind, key=key).first()
    if alert is None:
        _open(kind, key, _plain(context), besides)
    elif now() - alert.last_at >= COUNTED_EVERY:
        _count(alert)


def resolve_alert(*, kind: str, key: str, context: dict[str, Any] | None = None, besides: Collection[int] = ()) -> None:
    """Close the open alert of this kind and key and tell its audience but for `besides`; without one, do nothing."""
    _check(kind, key)
    alert = Alert.objects.open().filter(kind=kind, key=key).first()
    if alert is None:
        return
    with transaction.atomic():
        row = Alert.objects.open().filter(pk=alert.pk)
        if not row.update(resolved_at=now(), outcome=_plain(context)):
            return  # another process has closed it, and told people
        alert.refresh_from_db()
        tell_resolved(alert, besides=besides)


def _open(kind: str, key: str, context: dict[str, Any], besides: Collection[int]) -> None:
    # The row and its mails together or neither: an alert that exists has told people.
    with transaction.atomic():
        try:
            # A savepoint: to come second must not spoil the caller's transaction.
            with transaction.atomic():
                alert = Alert.objects.create(kind=kind, key=key, context=context)
        except IntegrityError:
            return  # another process was first and has told people
        told = tell_raised(alert, besides=besides)
        Alert.objects.filter(pk=alert.pk).update(told=told)


def _count(alert: Alert) -> None:
    at = now()
    with transaction.atomic():
        # Who finds the row locked leaves the count to the other: nobody waits for a number.
        row = Alert.objects.filter(pk=alert.pk, last_at=alert.last_at, resolved_at=None)
        if row.select_for_update(skip_locked=True).first() is not None:
            Alert.objects.filter(pk=alert.pk).update(times=F("times") + 1, last_at=at)


def _check(kind: str, key: str) -> None:
    if kind not in KINDS:
        raise InvalidAlert(f"There is no kind of alert {kind!r}.")
    if not 1 <= len(key) <= KEY_LENGTH:
        raise InvalidAlert(f"The key of an alert has 1 to {KEY_LENGTH} characters: {key[:200]!r}.")


def _plain(context: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return values that the database and a mail can hold: numbers as they are, all else as one line of text."""
    return {
        name: value if value is None or isinstance(value, bool | int) else one_line(str(value))[:VALUE_LENGTH]
        for name, value in (context or {}).items()
    }
