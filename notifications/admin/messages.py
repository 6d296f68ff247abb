"""The outbox: what was sent to whom, what became of it, and sending it again."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.admin import (
    Column,
    ExportableAdmin,
    PeriodFilter,
    Problem,
    ProblemFilter,
    ReadOnlyAdmin,
    ReasonForm,
    badge,
    confirmed_action,
    moment,
    next_move,
    pretty_json,
    run_on_each,
    trail,
    two_lines,
)
from config.admin.display import preformatted
from config.admin.terms import is_email, part_of, same_text
from notifications.errors import MessageError
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.services.resend_message import resend_message
from notifications.services.retry_message import retry_message
from notifications.services.settle_message import cancel_message, confirm_sent

REFERENCE = re.compile(r"[a-z_]+:\S+")
TONES: dict[str, str] = {
    Status.QUEUED: "wait",
    Status.SENDING: "wait",
    Status.SENT: "good",
    Status.FAILED: "bad",
    Status.UNKNOWN: "warn",
    Status.CANCELLED: "off",
}
APPLIES: dict[str, set[str]] = {
    "try_again": {Status.FAILED, Status.UNKNOWN},
    "send_again": {Status.SENT, Status.FAILED, Status.UNKNOWN, Status.CANCELLED},
    "arrived": {Status.UNKNOWN},
    "cancel": {Status.QUEUED, Status.FAILED, Status.UNKNOWN},
}
"""The states in which each action makes sense, as its service sees it."""


MESSAGE_COLUMNS = [
    Column(_("State"), ["status"]),
    Column(_("To"), ["recipient"]),
    Column(_("Subject"), ["subject"]),
    Column(_("Template"), ["template"]),
    Column(_("Number"), ["number"]),
    Column(_("Language"), ["language"]),
    Column(_("Created"), ["created_at"]),
    Column(_("Sent"), ["sent_at"]),
    Column(_("Error"), ["last_error"]),
    Column(_("Reference"), ["reference"]),
]


class SendAgainForm(ReasonForm):
    """A message is sent again as a new one, to the same or another address."""

    recipient = forms.EmailField(
        label=_("To another address"), required=False, help_text=_("Empty: to the same address as before.")
    )
    field_order = ["recipient", "reason"]


@admin.register(Message)
class MessageAdmin(ExportableAdmin, ReadOnlyAdmin):
    section = "work"
    position = 30
    refusals = (MessageError,)
    action_rights = {"resend": "notifications.resend_message"}
    problems = (
        Problem(
            key="failed",
            label=_("Mails failed"),
            hint=_("The customer was not told. Correct the address or try again."),
            urgency=60,
            tone="bad",
            rows=lambda rows: rows.filter(status=Status.FAILED),
        ),
        Problem(
            key="in_doubt",
            label=_("Mails in doubt"),
            hint=_("It is not known whether they left."),
            urgency=62,
            rows=lambda rows: rows.filter(status=Status.UNKNOWN),
        ),
        Problem(
            key="under_way",
            label=_("Mails being sent"),
            hint=_("Queued or under way."),
            urgency=94,
            tone="wait",
            rows=lambda rows: rows.filter(status__in=[Status.QUEUED, Status.SENDING]),
        ),
    )
    list_display = ["state", "recipient", "template", "number", "language", "created", "sent", "problem"]
    list_display_links = ["recipient"]
    list_filter = [ProblemFilter, "status", PeriodFilter]
    search_fields = ["recipient"]
    search_help_text = _("Address, or a reference such as document:12")
    sortable_by = ()
    export_right = "notifications.export_message"
    export_columns = MESSAGE_COLUMNS
    confirm_display = ["state", "recipient", "subject", "number", "created"]
    fields = [
        "state",
        "recipient",
        "subject",
        "reference",
        "template",
        "number",
        "language",
        "created_at",
        "sent_at",
        "attempts",
        "next_at",
        "last_error",
        "provider_message_id",
        "actor",
        "reason",
        "history",
        "text",
        "values",
    ]
    readonly_fields = ["state", "history", "text", "values"]
    actions = ["try_again", "send_again", "arrived", "cancel"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("context", "body_text", "body_html")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by a reference or a whole address, each through its own index; else by a part."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if REFERENCE.fullmatch(term):
            return queryset.filter(reference=term), False
        return queryset.filter(same_text("recipient", term) if is_email(term) else part_of(term, "recipient")), False

    def action_applies(self, row: Message, name: str) -> bool:
        return row.status in APPLIES[name]

    @admin.display(description=_("State"))
    def state(self, message: Message) -> SafeString:
        next_at = message.next_at if message.status == Status.QUEUED else None
        move = next_move(next_at, is_with_person=message.status in (Status.FAILED, Status.UNKNOWN))
        return two_lines(badge(message.get_status_display(), TONES[message.status]), move)

    @admin.display(description=_("Created"))
    def created(self, message: Message) -> SafeString:
        return moment(message.created_at)

    @admin.display(description=_("Sent"))
    def sent(self, message: Message) -> SafeString:
        return moment(message.sent_at)

    @admin.display(description=_("Error"))
    def problem(self, message: Message) -> str:
        return message.last_error[:80] or "–"

    @admin.display(description=_("What happened"))
    def history(self, message: Message) -> SafeString:
        return trail((event.created_at, event.label, event.detail) for event in message.events.all())

    @admin.display(description=_("Text"))
    def text(self, message: Message) -> SafeString:
        return preformatted(message.body_text)

    @admin.display(description=_("Values"))
    def values(self, message: Message) -> SafeString:
        return pretty_json(message.context)

    @confirmed_action(
        description=_("Try the same message again"),
        permissions=["resend"],
        consequence=_("The message goes back into the queue. If it left after all, the customer gets it twice."),
        form=ReasonForm,
        in_bulk=True,
    )
    def try_again(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, retry_message, done=_("queued again"), **fields)

    @confirmed_action(
        description=_("Send again as a new message"),
        permissions=["resend"],
        consequence=_("The customer gets another mail with the same content."),
        form=SendAgainForm,
        in_bulk=True,
    )
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, resend_message, done=_("queued"), **fields)

    @confirmed_action(
        description=_("It arrived: note it as sent"),
        permissions=["resend"],
        consequence=_("The doubt ends and the message counts as sent. No mail goes out."),
        form=ReasonForm,
        in_bulk=True,
    )
    def arrived(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, confirm_sent, done=_("noted as sent"), **fields)

    @confirmed_action(
        description=_("Give the message up"),
        permissions=["resend"],
        consequence=_("The message is not sent any more, and the customer is not told. A new one can be sent later."),
        form=ReasonForm,
        in_bulk=True,
    )
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, cancel_message, done=_("given up"), **fields)
