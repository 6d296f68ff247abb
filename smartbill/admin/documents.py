"""The list and the page of fiscal documents. Nothing is typed over: every change is a service behind a question."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from config.admin import (
    ExportableAdmin,
    PeriodFilter,
    ProblemFilter,
    SummaryLine,
    amount,
    minute,
    mode_badge,
    two_lines,
)
from notifications.errors import MessageError
from smartbill.admin.deadlines import DeadlineFilter, until
from smartbill.admin.evidence_views import DocumentEvidence
from smartbill.admin.export import DOCUMENT_COLUMNS
from smartbill.admin.page import document_page
from smartbill.admin.search import lookup_of
from smartbill.admin.states import PROBLEMS, kind_name, next_step, status_badge
from smartbill.errors import SmartbillError
from smartbill.legal_rules import INVALIDATION
from smartbill.lifecycle import STAGES, Status
from smartbill.models import Document
from smartbill.services.windows import windows_of_documents


@admin.register(Document)
class DocumentAdmin(ExportableAdmin, DocumentEvidence):
    """Buttons follow the table of states: an action stands on the page only where `STAGES` names it."""

    section = "work"
    position = 10
    problems = PROBLEMS
    refusals = (SmartbillError, MessageError)
    change_form_template = "admin/smartbill/document/page.html"
    list_display = ["state", "number", "customer", "kind_name", "amount", "paid_and_stamped", "correct_until"]
    list_display += ["next_step"]
    list_display_links = ["number"]
    confirm_display = ["state", "number", "customer", "kind_name", "amount"]
    list_select_related = ["issuer"]
    list_filter = [ProblemFilter, "status", PeriodFilter, DeadlineFilter, "kind", "livemode"]
    search_fields = ["customer_name", "customer_email"]
    search_help_text = _("Name, e-mail, tax id, number, code, amount, or any Stripe id")
    sortable_by = ["amount"]
    export_right = "smartbill.export_document"
    export_columns = DOCUMENT_COLUMNS

    @admin.display(description=_("State"))
    def state(self, document: Document) -> SafeString:
        return two_lines(status_badge(document), mode_badge(document.livemode))

    @admin.display(description=_("Number"))
    def number(self, document: Document) -> SafeString:
        series, _dash, serial = document.control_number.rpartition("-")
        return two_lines(serial or document.reference, series)

    @admin.display(description=_("Customer and tax id"))
    def customer(self, document: Document) -> SafeString:
        return two_lines(document.customer_name or document.customer_email, document.customer_tax_id)

    @admin.display(description=_("Kind"))
    def kind_name(self, document: Document) -> SafeString:
        return kind_name(document)

    @admin.display(description=_("Total"), ordering="total")
    def amount(self, document: Document) -> SafeString:
        charged = amount(document.charged_total, document.charged_currency) if document.charged_currency else ""
        return two_lines(amount(document.total, document.currency), charged)

    @admin.display(description=_("Paid and stamped"))
    def paid_and_stamped(self, document: Document) -> SafeString:
        return two_lines(minute(document.occurred_at), minute(document.stamped_at))

    @admin.display(description=_("Safe to invalidate until"))
    def correct_until(self, document: Document) -> SafeString | str:
        return until(getattr(document, "window", None))

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Work the windows out for the rows of the page together: the holidays are read once."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        windows = windows_of_documents(found.result_list)
        for row in found.result_list:
            row.window = windows[row.pk].get(INVALIDATION)
        return found

    @admin.display(description=_("Next step"))
    def next_step(self, document: Document) -> SafeString:
        return two_lines(next_step(document), Truncator(document.reason).chars(90))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(lookup_of(term)), False

    def row_label(self, row: Document) -> str:
        return f"{row} · {row.customer_name or row.customer_email or '–'} · {amount(row.total, row.currency)}"

    def choice_summary(self, queryset: QuerySet[Any], action: str) -> list[SummaryLine]:
        """Number and total of the chosen documents per state and currency, the largest group first."""
        groups = queryset.order_by().values_list("status", "currency").annotate(count=Count("pk"), total=Sum("total"))
        return [
            SummaryLine(Status(status).label, count, amount(total, currency), action in STAGES[status].actions)
            for status, currency, count, total in sorted(groups, key=lambda group: -group[2])
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["page"] = document_page(context["original"], request)
        return super().render_change_form(request, context, *args, **kwargs)
