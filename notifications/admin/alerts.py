"""Alerts: what goes on, since when, what to do, and what was warned of before."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.admin import PeriodFilter, Problem, ProblemFilter, ReadOnlyAdmin, badge, moment
from notifications.alerts import DEADLINES, KINDS
from notifications.models import Alert


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, str(kind.title)) for name, kind in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() in KINDS else queryset


class RaisedFilter(PeriodFilter):
    field = "raised_at"


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    section = "work"
    position = 35
    problems = (
        Problem(
            key="open",
            label=_("Open alerts"),
            hint=_("Each says what happened, since when, and what to do."),
            urgency=2,
            tone="bad",
            since="raised_at",
            rows=lambda rows: rows.filter(resolved_at=None),
        ),
        Problem(
            key="deadlines",
            label=_("Legal deadlines running out"),
            hint=_("Within 48 hours the safe time of a correction ends. Each names what has to be decided."),
            urgency=4,
            tone="bad",
            since="raised_at",
            rows=lambda rows: rows.filter(resolved_at=None, kind__in=DEADLINES),
        ),
        Problem(
            key="untold",
            label=_("Alerts that were not mailed"),
            hint=_("Nobody concerned has an e-mail address, or there were too many of one kind."),
            urgency=3,
            tone="bad",
            since="raised_at",
            rows=lambda rows: rows.filter(resolved_at=None, told=0),
        ),
    )
    list_display = ["state", "what", "about", "raised", "over", "times", "told"]
    list_display_links = ["what"]
    list_filter = [ProblemFilter, KindFilter, RaisedFilter]
    sortable_by = ()
    fields = [
        "state",
        "what",
        "about",
        "meaning",
        "advice",
        "matter",
        "raised_at",
        "resolved_at",
        "lasted",
        "details",
        "at_the_end",
        "times",
        "last_at",
        "told",
        "key",
    ]
    readonly_fields = ["state", "what", "about", "meaning", "advice", "matter", "lasted", "details", "at_the_end"]

    @admin.display(description=_("State"))
    def state(self, alert: Alert) -> SafeString:
        return badge(_("over"), "good") if alert.resolved_at else badge(_("open"), "bad")

    @admin.display(description=_("What happened"))
    def what(self, alert: Alert) -> str:
        return alert.title

    @admin.display(description=_("About"))
    def about(self, alert: Alert) -> str:
        return alert.subject or "–"

    @admin.display(description=_("Raised"))
    def raised(self, alert: Alert) -> SafeString:
        return moment(alert.raised_at)

    @admin.display(description=_("Over since"))
    def over(self, alert: Alert) -> SafeString:
        return moment(alert.resolved_at)

    @admin.display(description=_("What it means"))
    def meaning(self, alert: Alert) -> str:
        return str(KINDS[alert.kind].meaning)

    @admin.display(description=_("What to do"))
    def advice(self, alert: Alert) -> str:
        return str(KINDS[alert.kind].advice)

    @admin.display(description=_("Where it can be seen to"))
    def matter(self, alert: Alert) -> SafeString:
        path = alert.matter_path()
        return format_html('<a href="{}">{}</a>', path, path)

    @admin.display(description=_("Lasted"))
    def lasted(self, alert: Alert) -> str:
        return alert.lasted()

    @admin.display(description=_("Details"))
    def details(self, alert: Alert) -> SafeString | str:
        return _table(alert, alert.context)

    @admin.display(description=_("Details at the end"))
    def at_the_end(self, alert: Alert) -> SafeString | str:
        return _table(alert, alert.outcome)


def _table(alert: Alert, values: dict[str, Any]) -> SafeString | str:
    return format_html_join("", "<p>{}: <strong>{}</strong></p>", alert.facts(values)) or "–"
