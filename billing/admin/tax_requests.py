"""Questions to customers for tax data: who was asked, until when, how often, and what came of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.errors import BillingError
from billing.models import TaxRequest
from billing.services.ask_for_tax_data import withdraw_request
from billing.services.redraft import waiting_sales
from config.admin import (
    Problem,
    ProblemFilter,
    ReadOnlyAdmin,
    ReasonForm,
    badge,
    confirmed_action,
    mode_badge,
    moment,
    run_on_each,
    two_lines,
)
from notifications.errors import MessageError
from smartbill.errors import SmartbillError

State = TaxRequest.State
TONES: dict[str, str] = {
    State.OPEN: "wait",
    State.COMPLETED: "good",
    State.SETTLED: "good",
    State.EXPIRED: "warn",
    State.WITHDRAWN: "off",
}


@admin.register(TaxRequest)
class TaxRequestAdmin(ReadOnlyAdmin):
    section = "work"
    position = 26
    refusals = (BillingError, SmartbillError, MessageError)
    action_rights = {"ask": "billing.ask_tax_data"}
    problems = (
        Problem(
            key="open",
            label=_("Customers asked for tax data"),
            hint=_("Their documents wait until they answer, or until the deadline."),
            urgency=92,
            tone="wait",
            rows=lambda rows: rows.filter(state=State.OPEN),
        ),
    )
    list_display = ["shown_state", "customer", "recipient", "mails", "deadline", "next_step", "mode"]
    list_display_links = ["customer"]
    list_filter = [ProblemFilter, "state", "livemode"]
    sortable_by = ()
    search_fields = ["customer_name"]
    search_help_text = _("A part of the customer's name")
    confirm_display = ["shown_state", "customer", "recipient", "deadline", "mode"]
    fields = [
        "shown_state",
        "customer",
        "recipient",
        "language",
        "mode",
        "mails",
        "created_at",
        "ends_at",
        "next_at",
        "ended_at",
        "actor",
        "note",
        "waiting",
    ]
    readonly_fields = ["shown_state", "customer", "mode", "waiting"]
    actions = ["withdraw"]

    def action_applies(self, row: TaxRequest, name: str) -> bool:
        return row.state == State.OPEN

    @admin.display(description=_("State"))
    def shown_state(self, row: TaxRequest) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state], title=row.note)

    @admin.display(description=_("Customer"))
    def customer(self, row: TaxRequest) -> SafeString:
        return two_lines(row.customer_name or row.customer_id, row.customer_id if row.customer_name else "")

    @admin.display(description=_("Mode"))
    def mode(self, row: TaxRequest) -> SafeString:
        return mode_badge(row.livemode)

    @admin.display(description=_("Deadline"))
    def deadline(self, row: TaxRequest) -> SafeString:
        return moment(row.ends_at)

    @admin.display(description=_("Next step"))
    def next_step(self, row: TaxRequest) -> SafeString:
        return moment(row.next_at)

    @admin.display(description=_("Documents that wait"))
    def waiting(self, row: TaxRequest) -> SafeString | str:
        sales = waiting_sales(row.customer_id, livemode=row.livemode)[:20]
        rows = ((s.document.get_absolute_url(), s.document, s.document.reason) for s in sales if s.document)
        return format_html_join("", '<p><a href="{}">{}</a> {}</p>', rows) or "–"

    @confirmed_action(
        description=_("Withdraw the link"),
        permissions=["ask"],
        consequence=_("The link in the customer's mail stops working. Their documents wait for a person."),
        form=ReasonForm,
        is_danger=True,
        in_bulk=True,
    )
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, withdraw_request, done=_("link withdrawn"), **fields)
