"""Everything that went back of a sale, what becomes of its document, and what waits for a person."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.admin.export import REVERSAL_COLUMNS
from billing.admin.search import reversal_lookup
from billing.errors import BillingError
from billing.models import Reversal
from billing.money import to_decimal
from billing.remedies import State
from billing.remedy_texts import NEXT_STEPS, REASONS
from billing.services.approve_reversal import approve_reversal
from billing.services.settle_reversal import decide_again, settle_reversal
from config.admin import (
    ExportableAdmin,
    PeriodFilter,
    Problem,
    ProblemFilter,
    ReadOnlyAdmin,
    ReasonForm,
    amount,
    badge,
    confirmed_action,
    mode_badge,
    moment,
    run_on_each,
    trail,
    two_lines,
)
from config.admin.base import Button
from config.admin.texts import Text
from notifications.errors import MessageError
from smartbill.errors import SmartbillError

TONES: dict[str, str] = {
    State.WAITING: "wait",
    State.PROPOSED: "warn",
    State.UNDER_WAY: "wait",
    State.DONE: "good",
    State.NOTHING: "off",
    State.PERSON: "bad",
}


@admin.register(Reversal)
class ReversalAdmin(ExportableAdmin, ReadOnlyAdmin):
    section = "work"
    position = 23
    refusals = (BillingError, SmartbillError, MessageError)
    action_rights = {"approve": "billing.approve_reversal"}
    problems = (
        Problem(
            key="person",
            label=_("Reversals with a person"),
            hint=_("Money went back, and no rule says what becomes of the document. The page says why."),
            urgency=40,
            tone="bad",
            rows=lambda rows: rows.filter(state=State.PERSON),
        ),
        Problem(
            key="proposed",
            label=_("Corrections to approve"),
            hint=_("Money went back. The remedy stands ready: approve or decline it, the law's time runs."),
            urgency=42,
            rows=lambda rows: rows.filter(state=State.PROPOSED),
            mine=lambda rows, person: (
                rows.exclude(approved_by=person) if person.has_perm("billing.approve_reversal") else rows.none()
            ),
        ),
        Problem(
            key="under_way",
            label=_("Reversals under way"),
            hint=_("They go on by themselves."),
            urgency=92,
            tone="wait",
            rows=lambda rows: rows.filter(state__in=[State.WAITING, State.UNDER_WAY]),
        ),
    )
    list_display = ["status", "what", "customer", "amount", "happened", "why", "remedy_name", "next_step"]
    list_display_links = ["what"]
    list_filter = [ProblemFilter, "state", "source", "remedy", PeriodFilter]
    list_select_related = ["sale__document", "credit_note", "approved_by"]
    search_fields = ["key"]
    search_help_text = _("Any Stripe id of the reversal or of the purchase, or the invoice number")
    sortable_by = ()
    export_right = "billing.export_reversal"
    export_columns = REVERSAL_COLUMNS
    confirm_display = ["status", "what", "customer", "amount", "why", "remedy_name"]
    fields = [
        "status",
        "key",
        "source",
        "standing",
        "amount",
        "occurred_at",
        "why",
        "next_step",
        "remedy_name",
        "people",
        "sale_link",
        "document_link",
        "note_link",
        "others",
        "next_at",
        "stripe_ids",
        "history",
    ]
    readonly_fields = [
        "status",
        "amount",
        "why",
        "next_step",
        "remedy_name",
        "people",
        "sale_link",
        "document_link",
        "note_link",
        "others",
        "stripe_ids",
        "history",
    ]
    actions = ["approve", "decide_again", "settle"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by an exact id of the reversal or of its sale."""
        term = search_term.strip()
        return (queryset.filter(reversal_lookup(term)) if term else queryset), False

    def action_applies(self, row: Reversal, name: str) -> bool:
        match name:
            case "approve":
                return row.state == State.PROPOSED
            case "settle":
                return row.state in (State.PROPOSED, State.PERSON)
            case _:
                return row.state == State.PERSON or row.settled_at is not None

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        """Return the actions of the row's state; nobody is offered to confirm an approval of their own."""
        own = row.approved_by_id == request.user.pk
        return [act for act in super().buttons(request, row) if not (own and act.name == "approve")]

    def changed_since(self, row: Any, at: datetime) -> bool:
        """An approval is about the remedy and the amounts that stood there."""
        return bool(row.events.filter(created_at__gt=at).exists())

    def row_label(self, row: Reversal) -> str:
        return f"{row} · {row.sale.customer_name or row.sale.customer_id or '–'} · {self.amount(row)}"

    @admin.display(description=_("State"))
    def status(self, row: Reversal) -> SafeString:
        return two_lines(badge(row.get_state_display(), TONES[row.state]), mode_badge(row.sale.livemode))

    @admin.display(description=_("Reversal"))
    def what(self, row: Reversal) -> SafeString:
        return two_lines(row.get_source_display(), row.key)

    @admin.display(description=_("Customer"))
    def customer(self, row: Reversal) -> SafeString:
        return two_lines(row.sale.customer_name or row.sale.customer_id or "–", row.sale.number)

    @admin.display(description=_("Amount"))
    def amount(self, row: Reversal) -> str:
        whole = _shown(row.amount_minor, row.currency)
        if row.counted_minor is None or row.counted_minor == row.amount_minor:
            return whole
        counted = _shown(row.counted_minor, row.currency)
        return str(_("%(counted)s of %(whole)s counts") % {"counted": counted, "whole": whole})

    @admin.display(description=_("Happened"))
    def happened(self, row: Reversal) -> SafeString:
        return moment(row.occurred_at)

    @admin.display(description=_("Why"))
    def why(self, row: Reversal) -> str:
        return str(REASONS.get(row.code, row.reason) or "–")

    @admin.display(description=_("Remedy"))
    def remedy_name(self, row: Reversal) -> str:
        return row.get_remedy_display() or "–"

    @admin.display(description=_("Next step"))
    def next_step(self, row: Reversal) -> str:
        if row.state == State.PROPOSED and row.approved_by is not None:
            return str(_("Approved by %(who)s; another person has to confirm it.") % {"who": row.approved_by})
        return str(NEXT_STEPS[row.state])

    @admin.display(description=_("Approved by"))
    def people(self, row: Reversal) -> str:
        return ", ".join(str(person) for person in (row.approved_by, row.confirmed_by) if person) or "–"

    @admin.display(description=_("Sale"))
    def sale_link(self, row: Reversal) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:billing_sale_change", args=[row.sale_id]), row.sale)

    @admin.display(description=_("Document"))
    def document_link(self, row: Reversal) -> SafeString | str:
        return _link(row.sale.document)

    @admin.display(description=_("Credit note"))
    def note_link(self, row: Reversal) -> SafeString | str:
        return _link(row.credit_note)

    @admin.display(description=_("Other reversals of the sale"))
    def others(self, row: Reversal) -> SafeString | str:
        rows = row.sale.reversals.in_order().exclude(pk=row.pk)
        return reversals_of(rows)

    @admin.display(description=_("Stripe ids"))
    def stripe_ids(self, row: Reversal) -> SafeString:
        rows = ((alias.kind, alias.stripe_id) for alias in row.aliases.order_by("id"))
        return format_html_join("", "<p>{}: <code>{}</code></p>", rows)

    @admin.display(description=_("What happened"))
    def history(self, row: Reversal) -> SafeString:
        events = row.events.select_related("actor")
        return trail((each.created_at, each.get_after_display(), each.reason, each.actor) for each in events)

    @confirmed_action(
        description=_("Approve the remedy"),
        permissions=["approve"],
        consequence=_(
            "The document is corrected at the tax authority, and the customer is told of a credit note. This cannot be "
            "undone. Above the issuer's amount, another person has to confirm it."
        ),
        form=ReasonForm,
        is_danger=True,
        in_bulk=True,
    )
    def approve(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, approve_reversal, done=_told, **fields)

    @confirmed_action(
        description=_("Decide again"),
        permissions=["approve"],
        consequence=_("The reversals are judged anew. What came to nothing before may be proposed again."),
        form=ReasonForm,
        in_bulk=True,
    )
    def decide_again(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, decide_again, done=_("decided again"), **fields)

    @confirmed_action(
        description=_("It is settled"),
        permissions=["approve"],
        consequence=_(
            "Nothing is done to the document for these reversals. Say what was done instead, or why nothing."
        ),
        form=ReasonForm,
        needs_proof=True,
        in_bulk=True,
    )
    def settle(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, settle_reversal, done=_("settled"), **fields)


def reversals_of(rows: QuerySet[Reversal]) -> SafeString | str:
    """Return reversals as links, one a line."""
    found = (
        (
            reverse("admin:billing_reversal_change", args=[row.pk]),
            row.get_source_display(),
            _shown(row.amount_minor, row.currency),
            row.get_state_display(),
        )
        for row in rows
    )
    return format_html_join("", '<p><a href="{}">{} {}</a> · {}</p>', found) or "–"


def _told(needs_other: bool) -> Text:
    return _("approved; it waits for a second person to confirm it") if needs_other else _("approved and begun")


def _shown(amount_minor: int, currency: str) -> str:
    return amount(to_decimal(amount_minor, currency), currency)


def _link(document: Any) -> SafeString | str:
    if document is None:
        return "–"
    return format_html('<a href="{}">{}</a>', document.get_absolute_url(), document)
