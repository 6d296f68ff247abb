"""Puts a page of the guide together: our words, and what the code itself says of states, acts and rights."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.admin import HouseAdmin
from config.admin.base import SECTIONS
from config.admin.problems import Problem
from config.admin.texts import Text
from config.guide import running, setup, work
from config.guide.days import CLERK, MANAGER
from config.guide.entry import Entry, Step, Words

ENTRIES: dict[str, Entry] = work.ENTRIES | setup.ENTRIES | running.ENTRIES
"""The help of every list, by the label of its model."""


@dataclass(frozen=True, slots=True)
class StateRow:
    """One state in words. `acts` are the buttons that it offers, `url` the list of the rows that are in it."""

    label: str
    words: Words
    acts: list[str]
    alarm: str
    url: str


@dataclass(frozen=True, slots=True)
class Right:
    """Something that people do on a list: what happens then, and the groups that may."""

    label: str
    consequence: Text
    groups: list[str]


def pages() -> dict[str, HouseAdmin]:
    """Return every registered page by the label of its model."""
    return {model._meta.label: page for model, page in admin.site._registry.items() if isinstance(page, HouseAdmin)}


def page_named(name: str) -> HouseAdmin | None:
    """Return the page of a model by its label in small letters, as it stands in addresses."""
    return next((page for label, page in pages().items() if label.lower() == name), None)


def help_of(page: HouseAdmin, request: HttpRequest) -> dict[str, Any]:
    """Return what the help of one list shows; one query for the groups, one for their rights."""
    entry = ENTRIES[page.model._meta.label]
    may_look = page.has_view_permission(request)
    return {
        "name": str(capfirst(page.opts.verbose_name_plural)),
        "entry": entry,
        "list_url": page.list_url() if may_look else "",
        "states": [_column(page, name, table, may_look) for name, table in entry.states.items()],
        "problems": [(problem, _problem_url(page, problem) if may_look else "") for problem in page.problems],
        "rights": list(_rights(page)),
    }


def contents() -> list[tuple[Text, list[tuple[str, str, Text]]]]:
    """Return the sections of the menu, each with name, key and first words of the lists in it."""
    found = [
        (title, sorted(((page.position, page) for page in pages().values() if page.section == key), key=_place))
        for key, title in SECTIONS.items()
    ]
    return [
        (title, [(str(page.opts.verbose_name_plural), page.opts.label_lower, _what(page)) for _at, page in rows])
        for title, rows in found
    ]


def days(request: HttpRequest) -> list[tuple[str, list[tuple[Text, str]]]]:
    """Return both days, each step with the address of its list where the person may see it."""
    return [
        (_("A clerk's day"), [(step.text, _step_url(step, request)) for step in CLERK]),
        (_("A manager's day"), [(step.text, _step_url(step, request)) for step in MANAGER]),
    ]


def list_of(request: HttpRequest) -> str:
    """Return the label of the model to whose list or page the address belongs, in small letters; else nothing."""
    name = request.resolver_match.url_name if request.resolver_match else None
    for page in pages().values():
        if name and name.startswith(f"{page.opts.app_label}_{page.opts.model_name}_"):
            return str(page.opts.label_lower)
    return ""


def _place(row: tuple[int, HouseAdmin]) -> tuple[int, str]:
    return row[0], str(row[1].opts.verbose_name_plural)


def _what(page: HouseAdmin) -> Text:
    return ENTRIES[page.model._meta.label].what


def _column(page: HouseAdmin, name: str, table: Any, may_look: bool) -> tuple[str, list[StateRow]]:
    """Return the heading of a column and its states, in the order in which the code names them."""
    field: Any = page.model._meta.get_field(name)
    acts = {name: str(label) for _act, name, label in page.all_actions()}
    is_filter = may_look and name in page.list_filter
    rows = [
        StateRow(
            str(label),
            table[value],
            [acts[act] for act in getattr(table[value], "actions", ()) if act in acts],
            _time_of(getattr(table[value], "alarm_after", None)),
            f"{page.list_url()}?{name}__exact={value}" if is_filter else "",
        )
        for value, label in field.choices
    ]
    return str(capfirst(field.verbose_name)), rows


def _time_of(limit: timedelta | None) -> str:
    at = now()
    return "" if limit is None else timesince(at - limit, at)


def _problem_url(page: HouseAdmin, problem: Problem) -> str:
    return f"{page.list_url()}?problem={problem.key}"


def _step_url(step: Step, request: HttpRequest) -> str:
    if not step.model:
        return ""
    page = pages()[step.model]
    if not page.has_view_permission(request):
        return ""
    return f"{page.list_url()}?{step.query}" if step.query else page.list_url()


def _rights(page: HouseAdmin) -> Iterator[Right]:
    """Yield looking, adding, changing and every action, each with the groups that the page itself would let through."""
    people = _members()

    def who(may: Callable[[HttpRequest], bool]) -> list[str]:
        return [name for name, request in people if may(request)]

    yield Right(_("Look at it"), "", who(page.has_view_permission))
    if adding := who(page.has_add_permission):
        yield Right(_("Add"), "", adding)
    if changing := who(page.has_change_permission):
        yield Right(_("Change"), "", changing)
    for act, _name, label in page.all_actions():
        checks = [getattr(page, f"has_{right}_permission") for right in act.allowed_permissions]
        groups = who(lambda request, checks=checks: any(check(request) for check in checks))  # type: ignore[misc]
        yield Right(str(label), getattr(act, "consequence", ""), groups)


def _members() -> list[tuple[str, HttpRequest]]:
    """Return for each group a request of somebody who is in this group and in no other."""
    groups = Group.objects.order_by("name").prefetch_related("permissions__content_type")
    return [(group.name, _request_of(group)) for group in groups]


def _request_of(group: Group) -> HttpRequest:
    held = {f"{each.content_type.app_label}.{each.codename}" for each in group.permissions.all()}
    user = SimpleNamespace(is_active=True, is_staff=True, is_superuser=False, has_perm=held.__contains__)
    return cast("HttpRequest", SimpleNamespace(user=user))
