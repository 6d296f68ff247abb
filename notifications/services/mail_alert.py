"""Mails of an alert: one for each person of its audience, in that person's language."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime

from notifications.alerts import KINDS
from notifications.emails import supported_language
from notifications.models import Alert
from notifications.services.queue_message import queue_message

RAISED, RESOLVED = "alert_raised", "alert_resolved"


@dataclass(frozen=True, slots=True)
class Person:
    pk: int
    address: str
    language: str


def mail_raised(alert: Alert, groups: Collection[str], *, is_last: bool, besides: Collection[int] = ()) -> int:
    """Queue the warning for the people of these groups; return how many they are. The last of a burst says so."""
    return _mail(alert, RAISED, groups, is_last=is_last, besides=besides)


def mail_resolved(alert: Alert, groups: Collection[str], *, besides: Collection[int] = ()) -> None:
    """Queue the notice that it is over."""
    _mail(alert, RESOLVED, groups, is_last=False, besides=besides)


def readers(groups: Collection[str], *, besides: Collection[int] = ()) -> list[Person]:
    """Return the active people of these groups, each address once, without those who can do nothing about it.

    If nobody else with an address is in the groups, those are returned who may do everything, and where there are none
    either, nobody is left out: an alert must reach someone.
    """
    people = get_user_model()._default_manager.filter(is_active=True).exclude(email="").order_by("pk")
    rows = people.exclude(pk__in=besides).values_list("pk", "email", "reader__language")
    found = _each_once(rows.filter(groups__name__in=groups)) or _each_once(rows.filter(is_superuser=True))
    return found or (readers(groups) if besides else [])


def _each_once(rows: Iterable[tuple[int, str, str | None]]) -> list[Person]:
    found: dict[str, Person] = {}
    for pk, address, language in rows:
        person = Person(pk, address, supported_language(language or settings.LANGUAGE_CODE))
        found.setdefault(address.strip().lower(), person)
    return list(found.values())


def _mail(alert: Alert, template: str, groups: Collection[str], *, is_last: bool, besides: Collection[int]) -> int:
    people = readers(groups, besides=besides)
    for person in people:
        with translation.override(person.language):
            context = _words(alert, template) | {"last_of_burst": is_last}
        queue_message(
            reference=f"alert:{alert.pk}:{person.pk}",
            template=template,
            language=person.language,
            recipient=person.address,
            context=context,
            is_urgent=True,
        )
    return len(people)


def _words(alert: Alert, template: str) -> dict[str, str | bool]:
    """Return what the mail says, in the language of the moment."""
    kind = KINDS[alert.kind]
    values = alert.outcome if template == RESOLVED else alert.context
    return {
        "title": str(kind.title),
        "subject": alert.subject,
        "meaning": str(kind.meaning),
        "advice": str(kind.advice),
        "facts": " · ".join(f"{name}: {value}" for name, value in alert.facts(values)),
        "since": _moment(alert.raised_at),
        "over_at": _moment(alert.resolved_at) if alert.resolved_at else "",
        "lasted": alert.lasted(),
        "link": alert.page_url(),
        "matter": settings.PUBLIC_BASE_URL + alert.matter_path(),
    }


def _moment(at: datetime) -> str:
    local = localtime(at)
    return f"{date_format(local, 'DATE_FORMAT')} {local:%H:%M} {local:%Z}"
