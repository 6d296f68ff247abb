"""What the trail says in words: of one row on its page, and of many in the list of changes."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.admin import ModelAdmin
from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from config.models import Change
from config.trail_triggers import HIDDEN

MOST_SHOWN = 200
LONGEST = 300
EMPTY = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """One column of a change."""

    label: str
    before: str
    after: str


class Reader:
    """Turns changes into words; what they refer to by key is read once for all of them."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self.changes = list(changes)

    def lines(self, change: Change) -> list[Line]:
        """Return what differs; of a new or removed row what it said."""
        model = _model_of(change.table)
        before, after = change.before or {}, change.after or {}
        found = []
        for column in after or before:
            old, new = before.get(column), after.get(column)
            if old == new or column == "id" or (model is not None and column == _owner(model, change)):
                continue
            field = _field(model, column)
            label = capfirst(str(field.verbose_name)) if field is not None else column
            found.append(Line(label, self._shown(field, old), self._shown(field, new)))
        return [line for line in found if (line.before, line.after) != (EMPTY, EMPTY)]

    def subject(self, change: Change) -> str:
        """Name what the change is about."""
        model = apps.get_model(change.kind)
        return self.names.get((model, change.row)) or f"{capfirst(str(model._meta.verbose_name))} {change.row}"

    @cached_property
    def names(self) -> dict[tuple[type[Model], str], str]:
        wanted: dict[type[Model], set[str]] = defaultdict(set)
        for change in self.changes:
            wanted[apps.get_model(change.kind)].add(change.row)
            model = _model_of(change.table)
            for values in (change.before or {}, change.after or {}):
                for column, value in values.items():
                    field = _field(model, column)
                    if value and field is not None and field.related_model is not None:
                        wanted[field.related_model].add(value)
        return {
            (model, str(row.pk)): str(row)
            for model, keys in wanted.items()
            for row in _with_relations(model).filter(pk__in=keys)
        }

    def _shown(self, field: "Field[Any, Any] | None", value: str | None) -> str:
        if value in (None, ""):
            return EMPTY
        text = str(value)
        if field is None or text.startswith(HIDDEN):
            return text[:LONGEST]
        if field.related_model is not None:
            return self.names.get((field.related_model, text), f"#{text}")
        if field.get_internal_type() == "BooleanField":
            return _("yes") if text in ("1", "true") else _("no")
        return str(dict(field.flatchoices).get(text, text))[:LONGEST]

    def summary(self, change: Change) -> SafeString:
        """Return the lines of a change in one cell."""
        rows = ((line.label, line.before, line.after) for line in self.lines(change))
        if change.operation == Change.Operation.CHANGED:
            return format_html_join("", '<span class="sub">{}: {} → {}</span>', rows)
        return format_html_join(
            "", '<span class="sub">{}: {}</span>', ((label, old if new == EMPTY else new) for label, old, new in rows)
        )


def what_changed(page: "ModelAdmin[Any]", request: HttpRequest, row: Model) -> HttpResponse:
    """Show the newest changes of one row."""
    reader = Reader(Change.objects.filter(kind=row._meta.label_lower, row=str(row.pk))[:MOST_SHOWN])
    context = {
        **page.admin_site.each_context(request),
        "title": _("What changed: %(row)s") % {"row": row},
        "opts": page.opts,
        "object": row,
        "changes": [(change, table_name(change), reader.summary(change)) for change in reader.changes],
        "most": MOST_SHOWN if len(reader.changes) == MOST_SHOWN else 0,
    }
    return TemplateResponse(request, "admin/what_changed.html", context)


def table_name(change: Change) -> str:
    """Name the kind of row that was changed, in the words of the menu."""
    model = _model_of(change.table)
    if model is None:
        return change.table
    if model._meta.auto_created:
        other = next(field for field in model._meta.local_fields if field.column not in ("id", _owner(model, change)))
        return capfirst(str(other.verbose_name))
    return capfirst(str(model._meta.verbose_name))


def who(change: Change) -> SafeString | str:
    """Say who acted; nobody is known where the database was changed by hand or by a worker."""
    return change.actor or format_html('<span class="sub">{}</span>', _("not stated"))


def _model_of(table: str) -> type[Model] | None:
    found = (model for model in apps.get_models(include_auto_created=True) if model._meta.db_table == table)
    return next(found, None)


def _field(model: type[Model] | None, column: str) -> "Field[Any, Any] | None":
    if model is None:
        return None
    return next((field for field in model._meta.local_fields if field.column == column), None)


def _owner(model: type[Model], change: Change) -> str:
    """Return the column that says whose the row is, where it is not the subject itself."""
    if model._meta.label_lower == change.kind:
        return ""
    owner = apps.get_model(change.kind)
    found = (field.column for field in model._meta.local_fields if field.related_model is owner)
    return next(found, None) or ""


def _with_relations(model: type[Model]) -> Any:
    """Return the rows with what their names are made of: a permission's name reads its model."""
    rows = model._default_manager.all()
    return rows.select_related("content_type") if model._meta.label == "auth.Permission" else rows
