"""The holiday calendar: the usual days of each year are known, and staff enter what is otherwise."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from config.admin import HouseAdmin, badge
from smartbill.business_days import usual_holidays
from smartbill.models import Holiday

TONES: dict[str, str] = {Holiday.Scope.GENERAL: "good", Holiday.Scope.OFFICES: "wait", Holiday.Scope.WORKING: "off"}


@admin.register(Holiday)
class HolidayAdmin(HouseAdmin):
    """Deadlines that count business days follow at once: no date is stored."""

    position = 50
    change_list_template = "admin/smartbill/holiday/list.html"
    list_display = ["on", "name", "who", "country"]
    search_fields = ["name"]
    sortable_by = ()
    fields = ["country", "on", "scope", "name"]

    @admin.display(description=_("Who has it off"))
    def who(self, holiday: Holiday) -> SafeString:
        return badge(holiday.get_scope_display(), TONES[holiday.scope])

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show below the entries which days are holidays anyway, this year and next."""
        year = now().year
        usual = [
            (day, Holiday.Scope(scope).label)
            for each in (year, year + 1)
            for day, scope in sorted(usual_holidays("SV", each).items())
        ]
        return super().changelist_view(request, {"usual": usual, **(extra_context or {})})
