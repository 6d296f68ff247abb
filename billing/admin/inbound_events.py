"""The inbox: every event with its state, and the dead letters that a person can have processed again."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.errors import BillingError
from billing.models import InboundEvent
from billing.services.retry_event import retry_event
from config.admin import (
    PeriodFilter,
    Problem,
    ProblemFilter,
    ReadOnlyAdmin,
    badge,
    confirmed_action,
    mode_badge,
    moment,
    next_move,
    run_on_each,
    two_lines,
)
from config.admin.display import preformatted

State = InboundEvent.State
TONES: dict[str, str] = {
    State.NEW: "wait",
    State.PROCESSING: "wait",
    State.RETRY: "warn",
    State.DONE: "good",
    State.IGNORED: "off",
    State.DEAD: "bad",
    State.POISON: "bad",
}


class ReceivedFilter(PeriodFilter):
    field = "received_at"


@admin.register(InboundEvent)
class InboundEventAdmin(ReadOnlyAdmin):
    section = "work"
    position = 40
    refusals = (BillingError,)
    action_rights = {"retry": "billing.retry_inboundevent"}
    problems = (
        Problem(
            key="dead",
            label=_("Dead letters"),
            hint=_("Events of Stripe that could not be processed. Mend the cause and process them again."),
            urgency=50,
            tone="bad",
            since="received_at",
            rows=lambda rows: rows.filter(state__in=[State.DEAD, State.POISON]),
        ),
        Problem(
            key="under_way",
            label=_("Events being processed"),
            hint=_("New, under way, or to be tried again."),
            urgency=92,
            tone="wait",
            since="received_at",
            rows=lambda rows: rows.filter(state__in=[State.NEW, State.PROCESSING, State.RETRY]),
        ),
    )
    list_display = ["status", "event_id", "type", "object_id", "customer_id", "mode", "received", "attempts", "problem"]
    list_display_links = ["event_id"]
    list_filter = [ProblemFilter, "state", ReceivedFilter, "origin", "livemode"]
    search_fields = ["=event_id", "=object_id", "=customer_id"]
    search_help_text = _("Id of the event, of its object, or of the customer")
    sortable_by = ()
    confirm_display = ["status", "event_id", "type", "object_id", "mode", "problem"]
    readonly_fields = ["content"]
    fields = [
        "event_id",
        "type",
        "endpoint",
        "livemode",
        "api_version",
        "object_id",
        "customer_id",
        "origin",
        "occurred_at",
        "received_at",
        "state",
        "attempts",
        "next_at",
        "mirrored_at",
        "mirror_error",
        "handled_at",
        "last_error",
        "content",
    ]
    actions = ["process_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.startswith("evt_"):
            return queryset.filter(event_id=term), False
        if term.startswith("cus_"):
            return queryset.filter(Q(object_id=term) | Q(customer_id=term)), False
        return queryset.filter(object_id=term), False

    def action_applies(self, row: InboundEvent, name: str) -> bool:
        return row.state == State.DEAD or (row.state == State.DONE and row.mirrored_at is None)

    @admin.display(description=_("State"))
    def status(self, event: InboundEvent) -> SafeString:
        next_at = event.next_at if event.state == State.RETRY else None
        move = next_move(next_at, is_with_person=event.state in (State.DEAD, State.POISON))
        return two_lines(badge(event.get_state_display(), TONES[event.state]), move)

    @admin.display(description=_("Mode"))
    def mode(self, event: InboundEvent) -> SafeString:
        return mode_badge(event.livemode)

    @admin.display(description=_("Received"))
    def received(self, event: InboundEvent) -> SafeString:
        return moment(event.received_at)

    @admin.display(description=_("Error"))
    def problem(self, event: InboundEvent) -> str:
        return (event.last_error or event.mirror_error)[:80] or "–"

    @admin.display(description=_("As received"))
    def content(self, event: InboundEvent) -> SafeString:
        return preformatted(bytes(event.body).decode("utf-8", "replace"))

    @confirmed_action(
        description=_("Process again"),
        permissions=["retry"],
        consequence=_("The events go through the same steps again. What was done already is not done twice."),
        in_bulk=True,
    )
    def process_again(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, retry_event, done=_("to be processed again"), **fields)
