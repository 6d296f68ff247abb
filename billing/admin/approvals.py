"""The queue of approvals: what waits, since when, how much, which rule asks and why, and who has answered."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.rule_words import looks_of
from billing.errors import BillingError
from billing.models import Approval
from billing.services.announce_approval import requesters_of
from billing.services.answer_approval import HIGHER, RIGHT, ask_again, grant_approval, refuse_approval
from config.admin import (
    PeriodFilter,
    Problem,
    ProblemFilter,
    ReadOnlyAdmin,
    ReasonForm,
    amount,
    badge,
    confirmed_action,
    found_exactly,
    moment,
    run_on_each,
    trail,
    two_lines,
)
from config.admin.base import Button
from config.admin.texts import Text
from notifications.errors import MessageError
from smartbill.errors import SmartbillError
from smartbill.lifecycle import Kind

State = Approval.State


def waiting_for(right: str) -> Callable[[QuerySet[Any], Any], QuerySet[Any]]:
    """Return how open approvals are narrowed to those that a person may answer: with this right, and not their own."""

    def narrow(rows: QuerySet[Any], person: Any) -> QuerySet[Any]:
        if not person.has_perm(right):
            return rows.none()
        own = Q(requested_by=person) | Q(first_by=person) | Q(sale__entry__entered_by=person)
        return rows.exclude(pk__in=Approval.objects.open().filter(own).values("pk"))

    return narrow


TONES: dict[str, str] = {State.OPEN: "warn", State.GRANTED: "good", State.REFUSED: "bad", State.LAPSED: "off"}
DETAILS = ["sale_link", "customer", "shown_amount", "about", "age", "asks", "why", "needed"]


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    section = "work"
    position = 22
    refusals = (BillingError, SmartbillError, MessageError)
    action_rights = {
        "answer": "billing.answer_approval",
        "lift": "billing.lift_block",
        "ask": "billing.retry_sale",
    }
    problems = (
        Problem(
            key="blocked",
            label=_("Sales blocked by a rule"),
            hint=_("Paid, and no document is made before somebody with that right lifts the block."),
            urgency=37,
            tone="bad",
            rows=lambda rows: rows.filter(state=State.OPEN, is_block=True),
            mine=waiting_for(HIGHER),
        ),
        Problem(
            key="waiting",
            label=_("Sales for you to approve"),
            hint=_("Paid, and a rule holds them. Approve or refuse each; its page says why it is held."),
            urgency=38,
            rows=lambda rows: rows.filter(state=State.OPEN, is_block=False),
            mine=waiting_for(RIGHT),
        ),
    )
    list_display = ["status", "name", "customer", "shown_amount", "age", "asks", "what_next"]
    list_display_links = ["name"]
    list_filter = [ProblemFilter, "state", "is_block", PeriodFilter]
    list_select_related = ["sale__endpoint__issuer", "sale__entry__entered_by", "first_by", "ended_by", "requested_by"]
    search_fields = ["sale__key"]
    search_help_text = _("Any Stripe id of the purchase, or its invoice number")
    sortable_by = ()
    confirm_display = ["status", "name", "customer", "shown_amount", "age", "asks", "about"]
    fields = ["status", "next_step", *DETAILS, "requested_by", "history"]
    readonly_fields = ["status", "next_step", *DETAILS, "history"]
    actions = ["grant", "lift", "refuse", "refuse_block", "again"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by an exact id of the sale, each through its own index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        ids = ({"sale__aliases__stripe_id": term}, {"sale__key": term}, {"sale__number": term})
        found = found_exactly(queryset, *ids)
        return (queryset.none(), False) if found is None else (found, True)

    def action_applies(self, row: Approval, name: str) -> bool:
        match name:
            case "grant" | "refuse":
                return row.state == State.OPEN and not row.is_block
            case "lift" | "refuse_block":
                return row.state == State.OPEN and row.is_block
            case _:
                newest = row.state == State.REFUSED and row.sale.approvals.order_by("-id").first()
                return bool(newest and newest.pk == row.pk)

    def buttons(self, request: HttpRequest, row: Any) -> list[Button]:
        """Return the actions of the row's state; nobody is offered to answer what they asked or answered themselves."""
        asked = requesters_of(row)
        mine = {name for name in ("grant", "lift") if request.user.pk in {row.first_by_id, *asked}}
        mine |= {name for name in ("refuse", "refuse_block") if request.user.pk in asked}
        return [act for act in super().buttons(request, row) if act.name not in mine]

    def row_label(self, row: Approval) -> str:
        return f"{row} · {self.customer_name(row)} · {self.shown_amount(row)}"

    @admin.display(description=_("State"))
    def status(self, row: Approval) -> SafeString:
        if row.state == State.OPEN and row.is_block:
            return badge(_("Blocked"), "bad")
        return badge(row.get_state_display(), TONES[row.state])

    @admin.display(description=_("Sale"))
    def name(self, row: Approval) -> SafeString:
        return two_lines(row.sale.number or row.sale.key, row.sale.key if row.sale.number else "")

    @admin.display(description=_("Sale"))
    def sale_link(self, row: Approval) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:billing_sale_change", args=[row.sale_id]), row.sale)

    @admin.display(description=_("Customer"))
    def customer(self, row: Approval) -> str:
        return self.customer_name(row)

    def customer_name(self, row: Approval) -> str:
        return row.sale.customer_name or row.sale.customer_id or "–"

    @admin.display(description=_("Amount"))
    def shown_amount(self, row: Approval) -> str:
        return amount(row.amount, row.currency)

    @admin.display(description=_("What is approved"))
    def about(self, row: Approval) -> SafeString:
        buyer = " · ".join(filter(None, (row.subject[name] for name in ("name", "tax_id", "nrc", "country"))))
        said = (self.shown_amount(row), Kind(row.subject["kind"]).label, buyer)
        return format_html_join("", "<p>{}</p>", ((each,) for each in said if each))

    @admin.display(description=_("Waiting since"))
    def age(self, row: Approval) -> SafeString:
        lasted = timesince(row.created_at, row.ended_at)
        return format_html('{}<span class="sub">{}</span>', moment(row.created_at), lasted)

    @admin.display(description=_("Rule"))
    def asks(self, row: Approval) -> SafeString:
        named = ((gettext("%(name)s (version %(version)s)") % rule,) for rule in row.rules)
        return format_html_join("", "<p>{}</p>", named)

    @admin.display(description=_("Why it was held"))
    def why(self, row: Approval) -> SafeString:
        return looks_of(row.decision.looks, row.currency)

    @admin.display(description=_("People needed"))
    def needed(self, row: Approval) -> str:
        if row.needed == 1:
            return gettext("One person")
        return gettext("Two different people, and never who asked")

    @admin.display(description=_("Next step"))
    def next_step(self, row: Approval) -> str:
        if row.state == State.OPEN and row.first_by is not None:
            return gettext("Approved by %(who)s; another person has to approve as well.") % {"who": row.first_by}
        if row.state == State.OPEN:
            answer = gettext("Lift the block or refuse.") if row.is_block else gettext("Approve or refuse.")
            return f"{answer} {self._but(row)}".strip()
        if row.state == State.REFUSED:
            return gettext("Refund it at Stripe, or ask again with a reason.")
        return gettext("Nothing: the sale goes on by itself.")

    def _but(self, row: Approval) -> str:
        """Say who has no button, and why."""
        entered = row.sale.entry.entered_by if row.sale.is_manual else None
        wanting = dict.fromkeys(str(person) for person in (entered, row.requested_by) if person is not None)
        if not wanting:
            return ""
        text = gettext("%(who)s entered or asked for it and cannot answer: another person has to.")
        return text % {"who": ", ".join(wanting)}

    @admin.display(description=_("Next step"))
    def what_next(self, row: Approval) -> str:
        """The same in the list, where it may take two lines."""
        return self.next_step(row)

    @admin.display(description=_("What happened"))
    def history(self, row: Approval) -> SafeString:
        events = row.events.select_related("actor")
        return trail((each.created_at, each.get_what_display(), each.actor, each.reason) for each in events)

    @confirmed_action(
        description=_("Approve"),
        permissions=["answer"],
        consequence=_(
            "The sale goes on: a complete document is sent to the tax authority at once. It holds for exactly this "
            "amount, kind and buyer. Where two people are needed, another one has to approve as well."
        ),
        form=ReasonForm,
        in_bulk=True,
    )
    def grant(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, grant_approval, done=_told, **fields)

    @confirmed_action(
        description=_("Lift the block"),
        permissions=["lift"],
        consequence=_("The sale goes on although a rule blocks it: a complete document is sent at once."),
        form=ReasonForm,
        is_danger=True,
        in_bulk=True,
    )
    def lift(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, grant_approval, done=_told, **fields)

    @confirmed_action(
        description=_("Refuse"),
        permissions=["answer"],
        consequence=_("No document is made. The payment stays at Stripe until somebody refunds it or asks again."),
        form=ReasonForm,
        is_danger=True,
        in_bulk=True,
    )
    def refuse(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, refuse_approval, done=_("refused"), **fields)

    @confirmed_action(
        description=_("Leave it blocked"),
        permissions=["lift"],
        consequence=_("No document is made. The payment stays at Stripe until somebody refunds it or asks again."),
        form=ReasonForm,
        in_bulk=True,
    )
    def refuse_block(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, refuse_approval, done=_("refused"), **fields)

    @confirmed_action(
        description=_("Ask again"),
        permissions=["ask"],
        consequence=_("Those who may answer are told again. Who asks cannot answer."),
        form=ReasonForm,
        one_row=True,
    )
    def again(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, ask_again, done=_("asked again"), **fields)


def _told(needs_other: bool) -> Text:
    return _("approved; another person has to approve as well") if needs_other else _("approved")
