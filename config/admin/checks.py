"""What the pages of the house must not do, told at the start: actions without a right, filters that read the table."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.sites import all_sites
from django.contrib.admin.utils import get_fields_from_path
from django.core.checks import Error
from django.db.models import BooleanField


def check_actions(app_configs: Any = None, **kwargs: Any) -> list[Error]:
    """Return one error for each action without `permissions=`: Django asks for none then."""
    return [
        Error(
            f"The action “{name}” of {type(page).__name__} names no permission: whoever sees the list may run it.",
            hint="Write @admin.action(permissions=[...]) or @confirmed_action(permissions=[...]).",
            obj=type(page),
            id="config.E101",
        )
        for page in _pages()
        for act, name, _label in page._get_base_actions()  # type: ignore[attr-defined]
        if not getattr(act, "allowed_permissions", None)
    ]


def check_filters(app_configs: Any = None, **kwargs: Any) -> list[Error]:
    """Return one error for each filter over a column without fixed choices: Django collects the values of the whole
    table for it at every page."""
    return [
        Error(
            f"The filter “{name}” of {type(page).__name__} reads every row of the table to learn its choices.",
            hint="Give the column choices, or write a SimpleListFilter with fixed ones.",
            obj=type(page),
            id="config.E102",
        )
        for page in _pages()
        for name in page.list_filter
        if isinstance(name, str) and not _has_choices(page, name)
    ]


def _pages() -> Iterator["ModelAdmin[Any]"]:
    return (page for site in all_sites for page in site._registry.values())


def _has_choices(page: "ModelAdmin[Any]", name: str) -> bool:
    """Whether the choices are known without a look at the rows; of a relation, the rows of the other table are few."""
    field: Any = get_fields_from_path(page.model, name)[-1]
    return bool(field.is_relation or field.choices or isinstance(field, BooleanField))
