"""The list and the page of outages, what people may do about one, and its report to print."""

import csv
from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from config.admin import (
    ConfirmForm,
    Problem,
    ReadOnlyAdmin,
    badge,
    confirmed_action,
    mode_badge,
    moment,
    run_on_each,
    two_lines,
)
from smartbill.admin.outage_page import outage_page, report_and_name, report_page, shown_clocks, span, state_of
from smartbill.errors import SmartbillError
from smartbill.lifecycle import Status
from smartbill.models import Outage
from smartbill.services.outage_csv import clock_rows, document_rows
from smartbill.services.outage_facts import clocks_of_outage
from smartbill.services.outage_file import record_filing
from smartbill.services.outage_probe import queue_outage_readings
from smartbill.services.outage_report import Report


class FilingForm(ConfirmForm):
    """What SmartBill's platform or the authority says about the contingency event."""

    filed_at = forms.DateTimeField(
        label=_("Sealed by the authority at"),
        help_text=_("As the provider's platform shows it, in the time zone named at the foot of this page."),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    number = forms.CharField(
        label=_("Number or seal of the event"),
        max_length=500,
        help_text=_("Several, when more than 1,000 documents needed more than one event."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class Echo:
    """Gives each row back to whoever writes it, so that a report is sent while it is made."""

    def write(self, text: str) -> str:
        return text


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    section = "work"
    position = 15
    refusals = (SmartbillError,)
    change_form_template = "admin/smartbill/outage/page.html"
    problems = (
        Problem(
            key="clock",
            label=_("A legal time is running out"),
            hint=_("Documents of an outage must be reported and stamped in time. The page says what and until when."),
            urgency=4,
            tone="bad",
            since="opened_at",
            rows=lambda rows: rows.filter(closed_at=None, warn_at__lte=now()),
        ),
        Problem(
            key="open",
            label=_("Outage of the tax authority"),
            hint=_("Documents are issued without a seal, or still wait for theirs."),
            urgency=6,
            tone="bad",
            since="opened_at",
            rows=lambda rows: rows.filter(closed_at=None),
        ),
    )
    list_display = ["state", "began", "issuer_name", "documents", "ended", "nearest", "mode"]
    list_display_links = ["began"]
    list_filter = ["issuer", "is_rehearsal"]
    confirm_display = ["state", "began", "issuer_name", "documents", "mode"]
    actions = ["look_up_all", "record_filing"]
    action_rights = {"submit": "smartbill.submit_document", "file": "smartbill.record_outage_filing"}
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counted = Count("entries"), Count("entries", filter=~Q(entries__document__status=Status.CONTINGENCY))
        rows = super().get_queryset(request).select_related("issuer", "probe", "restored_by")
        counted_rows: QuerySet[Any] = rows.annotate(entered=counted[0], sealed=counted[1])
        return counted_rows

    @admin.display(description=_("State"))
    def state(self, outage: Outage) -> SafeString:
        state = state_of(outage)
        return badge(state.label, state.tone, title=state.meaning)

    @admin.display(description=_("Began"))
    def began(self, outage: Outage) -> SafeString:
        return moment(outage.first_evidence_at)

    @admin.display(description=_("Issuer"))
    def issuer_name(self, outage: Outage) -> SafeString:
        return two_lines(outage.issuer.name, str(_("rehearsal")) if outage.is_rehearsal else "")

    @admin.display(description=_("Stamped of issued"))
    def documents(self, outage: Any) -> str:
        return f"{outage.sealed} / {outage.entered}"

    @admin.display(description=_("Over since, or lasting"))
    def ended(self, outage: Outage) -> SafeString:
        if outage.restored_at is None:
            return badge(span(now() - outage.first_evidence_at), "bad", title=_("for so long"))
        return moment(outage.restored_at)

    @admin.display(description=_("Next legal time"))
    def nearest(self, outage: Outage) -> SafeString | str:
        running = [clock for clock in shown_clocks(clocks_of_outage(outage)) if clock.clock.is_running]
        if not outage.is_open or not running:
            return "–"
        return badge(running[0].left, running[0].tone, title=running[0].name)

    @admin.display(description=_("Mode"))
    def mode(self, outage: Outage) -> SafeString:
        return mode_badge(outage.issuer.livemode)

    def action_applies(self, row: Any, name: str) -> bool:
        return name != "look_up_all" or row.entries.unsealed().exists()

    @confirmed_action(
        description=_("Ask for all stamps now"),
        permissions=["submit"],
        consequence=_("The provider is asked for every missing stamp. No document is issued a second time."),
    )
    def look_up_all(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, queue_outage_readings, done=_("questions for the stamps queued"), **fields)

    @confirmed_action(
        description=_("Record the contingency event"),
        permissions=["file"],
        consequence=_(
            "The legal time of the documents counts from the moment you state. A later record replaces this one, which "
            "stays on the page."
        ),
        form=FilingForm,
        one_row=True,
    )
    def record_filing(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, record_filing, done=_("event recorded"), **fields)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["page"] = outage_page(context["original"])
        context["may_report"] = self.has_report_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    # The report -------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.admin_site.admin_view, "smartbill_outage"
        return [
            path("<int:pk>/report/", wrap(self.report_view), name=f"{name}_report"),
            path("<int:pk>/documents.csv", wrap(self.documents_view), name=f"{name}_documents"),
            path("<int:pk>/clocks.csv", wrap(self.clocks_view), name=f"{name}_clocks"),
            *super().get_urls(),
        ]

    def has_report_permission(self, request: HttpRequest) -> bool:
        """Whether the person may see the documents and amounts that the report lists."""
        return self.has_view_permission(request) and request.user.has_perm("smartbill.view_document")

    def _row(self, request: HttpRequest, pk: int) -> Outage:
        if not self.has_report_permission(request):
            raise PermissionDenied
        outage: Outage = get_object_or_404(self.get_queryset(request), pk=pk)
        return outage

    def report_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the report as a page to print: times by the issuer's clock, no script."""
        outage = self._row(request, pk)
        with timezone.override(outage.issuer.zone):
            context = {"outage": outage, **report_page(outage)}
            return render(request, "admin/smartbill/outage/report.html", context)

    def documents_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._table(request, pk, "documents", document_rows)

    def clocks_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        return self._table(request, pk, "clocks", clock_rows)

    def _table(
        self, request: HttpRequest, pk: int, part: str, rows: Callable[[Report], Iterator[list[str]]]
    ) -> HttpResponseBase:
        report, name = report_and_name(self._row(request, pk))
        writer = csv.writer(Echo())
        headers = {"Content-Disposition": f'attachment; filename="{name}-{part}.csv"'}
        lines = (writer.writerow(row) for row in rows(report))
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
