"""Every purchase with its one outcome: a document, a reason to hold it, or a reason why none is needed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.admin.export import SALE_COLUMNS
from billing.admin.manual_actions import ManualActions
from billing.admin.reversals import reversals_of
from billing.admin.rule_words import radar_of, rules_of
from billing.admin.search import sale_lookup
from billing.admin.tax_forms import EnterTaxDataForm
from billing.admin.tax_profiles import enter_for
from billing.errors import BillingError
from billing.models import Sale
from billing.money import to_decimal
from billing.rule_texts import in_words
from billing.services.ask_for_tax_data import ask_customer
from billing.services.link_manual import MAYBE_MANUAL
from billing.services.redecide_sale import redecide_sale
from config.admin import (
    ExportableAdmin,
    PeriodFilter,
    Problem,
    ProblemFilter,
    ReasonForm,
    amount,
    badge,
    confirmed_action,
    mode_badge,
    moment,
    next_move,
    pretty_json,
    run_on_each,
    trail,
    two_lines,
)
from notifications.errors import MessageError
from smartbill.errors import SmartbillError
from smartbill.lifecycle import Status

Outcome = Sale.Outcome
TONES: dict[str, str] = {
    Outcome.PENDING: "wait",
    Outcome.DOCUMENT: "good",
    Outcome.HELD: "warn",
    Outcome.NOT_APPLICABLE: "off",
}


@admin.register(Sale)
class SaleAdmin(ExportableAdmin, ManualActions):
    section = "work"
    position = 20
    refusals = (BillingError, SmartbillError, MessageError)
    action_rights = {
        **ManualActions.action_rights,
        "retry": "billing.retry_sale",
        "edit": "billing.edit_taxprofile",
        "ask": "billing.ask_tax_data",
    }
    problems = (
        Problem(
            key="second",
            label=_("Payments that may belong to a document made by hand"),
            hint=_("Nothing is issued before a person says whether it is the same sale."),
            urgency=68,
            rows=lambda rows: rows.filter(outcome=Outcome.HELD, reasons__0__code=MAYBE_MANUAL),
        ),
        Problem(
            key="held",
            label=_("Sales held"),
            hint=_("Paid, and no document can be made of it yet. The page says why."),
            urgency=70,
            rows=lambda rows: rows.filter(outcome=Outcome.HELD),
        ),
        Problem(
            key="questions",
            label=_("Sales with an open question"),
            hint=_("A document exists, but it does not cover the whole purchase. The page says why."),
            urgency=72,
            rows=lambda rows: rows.filter(outcome=Outcome.DOCUMENT).exclude(reasons=[]),
        ),
        Problem(
            key="unread",
            label=_("Refunds that cannot be read"),
            hint=_("Stripe said that money went back, and does not answer what. It is asked again by itself."),
            urgency=74,
            rows=lambda rows: rows.filter(search_at__isnull=False, searches__gte=5),
        ),
        Problem(
            key="under_way",
            label=_("Sales being decided"),
            hint=_("Paid a moment ago, or waiting for Stripe."),
            urgency=91,
            tone="wait",
            rows=lambda rows: rows.filter(outcome=Outcome.PENDING),
        ),
    )
    list_display = ["state", "name", "customer", "amount", "paid", "mode", "why", "document_link"]
    list_display_links = ["name"]
    list_filter = [ProblemFilter, "outcome", PeriodFilter, "livemode"]
    list_select_related = ["document"]
    search_fields = ["customer_name"]
    search_help_text = _("Any Stripe id, invoice number, code, tax id, e-mail, or name")
    sortable_by = ()
    export_right = "billing.export_sale"
    export_columns = SALE_COLUMNS
    confirm_display = ["state", "name", "customer", "amount", "mode", "why"]
    fields = [
        "state",
        "key",
        "number",
        "customer",
        "amount",
        "paid_at",
        "why",
        "checked",
        "rules",
        "risk",
        "document_link",
        "entered_by_hand",
        "went_back",
        "endpoint",
        "attempts",
        "next_at",
        "last_error",
        "stripe_ids",
        "history",
        "snapshot_content",
    ]
    readonly_fields = [
        "state",
        "customer",
        "amount",
        "why",
        "checked",
        "rules",
        "risk",
        "document_link",
        "entered_by_hand",
        "went_back",
        "stripe_ids",
        "history",
        "snapshot_content",
    ]
    actions = [*ManualActions.actions, "decide_again", "enter_tax_data", "ask_for_data"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Of a sale entered by hand Stripe said nothing; what was entered is a page of its own."""
        hidden = ("risk", "snapshot_content") if obj is not None and obj.is_manual else ()
        return [name for name in super().get_fields(request, obj) if name not in hidden]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by the one thing that the shape of the term says it is."""
        term = search_term.strip()
        return (queryset.filter(sale_lookup(term)) if term else queryset), False

    def action_applies(self, row: Sale, name: str) -> bool:
        if name in ManualActions.actions:
            return super().action_applies(row, name)
        if name == "ask_for_data":
            return row.document is not None and row.document.status in (Status.HELD, Status.REJECTED)
        return name == "enter_tax_data" or row.outcome == Outcome.HELD

    def row_label(self, row: Sale) -> str:
        return f"{row} · {row.customer_name or row.customer_id or '–'} · {self.amount(row)}"

    @admin.display(description=_("Outcome"))
    def state(self, sale: Sale) -> SafeString:
        next_at = sale.next_at if sale.outcome == Outcome.PENDING else None
        move = next_move(next_at, is_with_person=sale.outcome == Outcome.HELD)
        return two_lines(badge(sale.get_outcome_display(), TONES[sale.outcome]), move)

    @admin.display(description=_("Sale"))
    def name(self, sale: Sale) -> SafeString:
        return two_lines(sale.number or sale.key, sale.key if sale.number else "")

    @admin.display(description=_("Customer"))
    def customer(self, sale: Sale) -> SafeString:
        return two_lines(sale.customer_name or sale.customer_id or "–", sale.customer_id if sale.customer_name else "")

    @admin.display(description=_("Amount"))
    def amount(self, sale: Sale) -> str:
        if sale.amount_minor is None:
            return "–"
        return amount(to_decimal(sale.amount_minor, sale.currency), sale.currency)

    @admin.display(description=_("Paid"))
    def paid(self, sale: Sale) -> SafeString:
        return moment(sale.paid_at)

    @admin.display(description=_("Mode"))
    def mode(self, sale: Sale) -> SafeString:
        return mode_badge(sale.livemode)

    @admin.display(description=_("Why"))
    def why(self, sale: Sale) -> str:
        return " ".join(in_words(reason) for reason in sale.reasons) or sale.last_error[:120] or "–"

    @admin.display(description=_("What the rules said"))
    def rules(self, sale: Sale) -> SafeString | str:
        return rules_of(sale)

    @admin.display(description=_("Stripe Radar"))
    def risk(self, sale: Sale) -> SafeString | str:
        return radar_of(sale)

    @admin.display(description=_("Before it is issued"))
    def checked(self, sale: Sale) -> SafeString:
        return self.before_issue(sale)

    @admin.display(description=_("Entered by hand"))
    def entered_by_hand(self, sale: Sale) -> SafeString | str:
        return self.by_hand(sale)

    @admin.display(description=_("Document"))
    def document_link(self, sale: Sale) -> SafeString | str:
        if sale.document is None:
            return "–"
        return format_html('<a href="{}">{}</a>', sale.document.get_absolute_url(), sale.document)

    @admin.display(description=_("What went back"))
    def went_back(self, sale: Sale) -> SafeString | str:
        return reversals_of(sale.reversals.in_order())

    @admin.display(description=_("Stripe ids"))
    def stripe_ids(self, sale: Sale) -> SafeString:
        rows = ((alias.kind, alias.stripe_id) for alias in sale.aliases.order_by("id"))
        return format_html_join("", "<p>{}: <code>{}</code></p>", rows)

    @admin.display(description=_("What happened"))
    def history(self, sale: Sale) -> SafeString:
        events = sale.events.select_related("actor")
        return trail((each.created_at, each.get_after_display(), each.reason, each.actor) for each in events)

    @admin.display(description=_("What Stripe said"))
    def snapshot_content(self, sale: Sale) -> SafeString | str:
        return pretty_json(sale.snapshot.content) if hasattr(sale, "snapshot") else "–"

    @confirmed_action(
        description=_("Decide again"),
        permissions=["retry"],
        consequence=_("The sales are read at Stripe again and decided anew. A complete one is sent at once."),
        form=ReasonForm,
        in_bulk=True,
    )
    def decide_again(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, redecide_sale, done=_("to be decided again"), **fields)

    @confirmed_action(
        description=_("Enter the buyer's tax data"),
        permissions=["edit"],
        consequence=_(
            "The data are used for this customer from now on, before anything Stripe says. Documents that wait for "
            "them are looked at again and sent at once when nothing is missing."
        ),
        form=EnterTaxDataForm,
        one_row=True,
    )
    def enter_tax_data(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, enter_for, done=_("tax data stored"), **fields)

    @confirmed_action(
        description=_("Ask the customer for tax data"),
        permissions=["ask"],
        consequence=_("The customer gets a mail with a link to a form. The form works without a password."),
        form=ReasonForm,
        in_bulk=True,
    )
    def ask_for_data(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, ask_customer, done=_("mail queued"), **fields)
