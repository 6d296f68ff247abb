"""Bulk jobs: how far each is, what became of every row and why, and stopping one in the middle."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.admin import Problem, ReadOnlyAdmin, ReasonForm, badge, confirmed_action, moment, run_on_each, two_lines
from config.admin.base import Button
from config.jobs import report
from config.jobs.cancel import cancel_job, may_cancel
from config.jobs.models import Job, JobRow
from config.jobs.plan import page_of

TONES: dict[str, str] = {Job.State.RUNNING: "wait", Job.State.DONE: "good", Job.State.CANCELLED: "off"}
REFRESH_SECONDS = 3


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """A person sees the jobs on rows that they may see; their own they may stop."""

    section = "work"
    position = 60
    change_form_template = "admin/config/job/page.html"
    action_rights = {"cancel": "config.view_job"}
    problems = (
        Problem(
            key="running",
            label=_("Bulk jobs running"),
            hint=_("They go on by themselves; each has a page that shows how far it is."),
            urgency=96,
            tone="wait",
            since="asked_at",
            rows=lambda rows: rows.filter(state=Job.State.RUNNING),
        ),
    )
    list_display = ["status", "what", "actor", "chosen", "came_of", "begun"]
    list_display_links = ["what"]
    list_filter = ["state"]
    list_select_related = ["actor"]
    confirm_display = ["status", "what", "actor", "chosen", "came_of"]
    sortable_by = ()
    actions = ["cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).exclude(state=Job.State.ASKED).select_related("actor", "cancelled_by")
        pages = self.admin_site._registry.values()
        return rows.filter(page__in=[page.opts.label_lower for page in pages if page.has_view_permission(request)])

    def action_applies(self, row: Job, name: str) -> bool:
        return row.state == Job.State.RUNNING

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        return super().buttons(request, row) if may_cancel(row, request.user) else []

    def row_label(self, row: Job) -> str:
        return f"{row.pk} · {report.action_label(row)}"

    @admin.display(description=_("State"))
    def status(self, job: Job) -> SafeString:
        return badge(job.get_state_display(), TONES[job.state])

    @admin.display(description=_("Action"))
    def what(self, job: Job) -> SafeString:
        return two_lines(report.action_label(job), self._rows_name(job))

    def _rows_name(self, job: Job) -> str:
        page = page_of(job.page)
        return str(capfirst(page.opts.verbose_name_plural)) if page else job.page

    @admin.display(description=_("Rows"))
    def chosen(self, job: Job) -> str:
        return number_format(job.total)

    @admin.display(description=_("Done, refused, failed"))
    def came_of(self, job: Job) -> str:
        return " · ".join(number_format(count) for count in (job.done, job.refused, job.failed))

    @admin.display(description=_("Begun"))
    def begun(self, job: Job) -> SafeString:
        return moment(job.started_at)

    @confirmed_action(
        description=_("Cancel the rest"),
        permissions=["cancel"],
        consequence=_("What is done stays done. The rows that were not begun are left as they are."),
        form=ReasonForm,
        one_row=True,
        is_danger=True,
    )
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, cancel_job, done=_("cancelled; what was done stays done"), **fields)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the job; while it runs, the page comes again by itself, by a header and not by a script."""
        job: Job = context["original"]
        figures = job.figures()
        outcome = request.GET.get("outcome", "")
        outcome = outcome if outcome in JobRow.Outcome.values else ""
        after = request.GET.get("after", "")
        after = after if after.isascii() and after.isdigit() and len(after) < 10 else ""
        lines = report.shown_rows(job, outcome=outcome, after=int(after or 0) - 1)
        is_live = job.state == Job.State.RUNNING and "still" not in request.GET and not after
        context |= {
            "title": report.action_label(job),
            "rows_name": self._rows_name(job),
            "tone": TONES[job.state],
            "figures": figures,
            "worked": job.total - figures[report.LEFT],
            "minutes_left": report.minutes_left(job, figures),
            "reasons": report.reasons(job),
            "lines": lines[: report.MOST_SHOWN],
            "next_after": lines[report.MOST_SHOWN - 1].number if len(lines) > report.MOST_SHOWN else None,
            "outcome": outcome,
            "tabs": self._tabs(figures, outcome),
            "is_live": is_live,
            "seconds": REFRESH_SECONDS,
        }
        answer = super().render_change_form(request, context, *args, **kwargs)
        if is_live:
            answer["Refresh"] = str(REFRESH_SECONDS)
        return answer

    def _tabs(self, figures: dict[str, int], outcome: str) -> list[tuple[str, str, int, bool]]:
        named = [("", _("All"), figures["done"] + figures["refused"] + figures["failed"])]
        named += [(str(value), label, figures[value]) for value, label in JobRow.Outcome.choices]
        return [(value, str(label), count, value == outcome) for value, label, count in named]

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export_view)
        return [path("<int:pk>/rows.csv", export, name="config_job_rows"), *super().get_urls()]

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Stream what became of the rows; `?outcome=` takes refused, failed, done or left."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = get_object_or_404(self.get_queryset(request), pk=pk)
        outcome = request.GET.get("outcome", "")
        if outcome not in ("", report.LEFT, *JobRow.Outcome.values):
            raise Http404
        headers = {"Content-Disposition": f'attachment; filename="job-{job.pk}{"-" if outcome else ""}{outcome}.csv"'}
        lines = report.csv_lines(job, outcome=outcome)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
