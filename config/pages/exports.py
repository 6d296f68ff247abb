"""Who took which rows out of the house, when, and how many."""

from urllib.parse import parse_qsl

from django.apps import apps
from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.admin import PeriodFilter, ReadOnlyAdmin, badge, mode_badge, moment
from config.models import Export


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    section = "people"
    position = 40
    list_display = ["begun", "actor", "what", "narrowed", "format", "amount", "mode", "outcome"]
    list_select_related = ["actor"]
    list_filter = [PeriodFilter, "livemode"]
    sortable_by = ()
    fields = ["created_at", "finished_at", "actor", "what", "narrowed", "format", "rows", "mode"]
    readonly_fields = ["what", "narrowed", "mode"]

    @admin.display(description=_("Begun"))
    def begun(self, row: Export) -> SafeString:
        return moment(row.created_at)

    @admin.display(description=_("List"))
    def what(self, row: Export) -> str:
        return capfirst(str(apps.get_model(row.model)._meta.verbose_name_plural))

    @admin.display(description=_("Filters"))
    def narrowed(self, row: Export) -> SafeString | str:
        return format_html_join("", "<p>{}: {}</p>", parse_qsl(row.filters)) or str(_("the whole list"))

    @admin.display(description=_("Rows"))
    def amount(self, row: Export) -> str:
        return "–" if row.rows is None else f"{row.rows:,}"

    @admin.display(description=_("Mode"))
    def mode(self, row: Export) -> SafeString:
        return mode_badge(row.livemode)

    @admin.display(description=_("Outcome"))
    def outcome(self, row: Export) -> SafeString:
        return badge(_("complete"), "good") if row.finished_at else badge(_("broke off"), "warn")
