"""The trail of configuration as a list: who changed what, when and why. Rows are looked at and nothing else."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.admin import PeriodFilter, ReadOnlyAdmin, moment, two_lines
from config.admin.history import Reader, table_name, who
from config.models import Change
from config.trail_triggers import WATCHED


class MadeFilter(PeriodFilter):
    field = "at"


class KindFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = dict.fromkeys(watched.kind for watched in WATCHED)
        return [(kind, capfirst(str(apps.get_model(kind)._meta.verbose_name_plural))) for kind in kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    section = "people"
    position = 30
    list_display = ["when", "by", "what", "values", "reason"]
    list_display_links = None
    list_filter = [MadeFilter, KindFilter, "operation"]
    search_fields = ["actor", "reason"]
    sortable_by = ()
    fields = ["at", "by", "what", "values", "reason"]
    readonly_fields = ["by", "what", "values"]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Read for the whole page what its rows refer to."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        reader = Reader(found.result_list)
        for change in found.result_list:
            change.reader = reader
        return found

    @admin.display(description=_("Time"))
    def when(self, change: Change) -> SafeString:
        return moment(change.at)

    @admin.display(description=_("Who"))
    def by(self, change: Change) -> SafeString | str:
        return who(change)

    @admin.display(description=_("What"))
    def what(self, change: Change) -> SafeString:
        name = two_lines(_reader(change).subject(change), f"{table_name(change)}, {change.get_operation_display()}")
        app, _dot, model = change.kind.partition(".")
        try:
            return format_html('<a href="{}">{}</a>', reverse(f"admin:{app}_{model}_history", args=[change.row]), name)
        except NoReverseMatch:
            return name

    @admin.display(description=_("Before and after"))
    def values(self, change: Change) -> SafeString:
        return _reader(change).summary(change)


def _reader(change: Change) -> Reader:
    found: Reader = getattr(change, "reader", None) or Reader([change])
    return found
