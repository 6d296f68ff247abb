"""Who issues, under which rules, and whether sending goes on: edited by operators."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import date
from django.utils.safestring import SafeString
from django.utils.timezone import localtime, now
from django.utils.translation import gettext_lazy as _

from config.admin import HouseAdmin, Problem, ReasonForm, badge, confirmed_action, mode_badge, run_on_each
from notifications.errors import MessageError
from smartbill.breaker import State
from smartbill.errors import SmartbillError
from smartbill.models import Channel, ChannelEvent, Issuer
from smartbill.services.channel import release_channel, stop_channel


class ChannelEventInline(admin.TabularInline):  # type: ignore[type-arg]
    """Stops and starts of sending; written by services alone."""

    model = ChannelEvent
    fields = ["created_at", "before", "after", "reason", "actor"]
    readonly_fields = ["created_at", "before", "after", "reason", "actor"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Issuer)
class IssuerAdmin(HouseAdmin):
    position = 10
    refusals = (SmartbillError, MessageError)
    problems = (
        Problem(
            key="stopped",
            label=_("Sending is stopped"),
            hint=_("An issuer's documents wait. The page says why, and when the next one is tried."),
            urgency=2,
            tone="bad",
            since="channel__opened_at",
            rows=lambda rows: rows.filter(channel__state__in=[State.OPEN, State.PROBING]),
        ),
        Problem(
            key="paused",
            label=_("Sending is paused"),
            hint=_("An issuer's documents wait. The page says why and until when."),
            urgency=3,
            tone="bad",
            since="channel__opened_at",
            rows=lambda rows: rows.filter(Q(channel__paused_until__gt=now())),
        ),
    )
    action_rights = {"control": "smartbill.control_channel"}
    list_display = ["name", "slug", "tax_id", "provider", "mode", "sending"]
    list_select_related = ["channel"]
    confirm_display = ["name", "slug", "mode", "sending"]
    readonly_fields = ["created_at", "sending", "calls", "next_trial"]
    inlines = [ChannelEventInline]
    actions = ["stop_sending", "let_send"]
    fieldsets = [
        (None, {"fields": ["slug", "provider", "livemode", "active"]}),
        (_("Identity"), {"fields": ["name", "commercial_name", "tax_id", "nrc", "activity_code", "activity_text"]}),
        (
            _("Address"),
            {"fields": ["address", "department", "municipality", "district", "country", "email", "phone"]},
        ),
        (_("Habits"), {"fields": ["currency", "time_zone", "language", "provider_mails_customer"]}),
        (
            _("Decisions of the seller"),
            {
                "fields": [
                    "untaxed_lines",
                    "default_description",
                    "rounding",
                    "zero_total",
                    "manual_match_days",
                    "rate_day",
                    "rate_days_old",
                    "buyer_days",
                    "late_buyer",
                    "corrections",
                    "second_person_above",
                ]
            },
        ),
        (_("Limits of the account"), {"fields": ["in_flight", "calls_per_period", "period_seconds", "one_per_series"]}),
        (_("Sending"), {"fields": ["sending", "calls", "next_trial", "created_at"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.readonly_fields, *(obj.settled_fields if obj is not None else [])]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.inlines if obj is not None else []

    def action_applies(self, row: Issuer, name: str) -> bool:
        channel = _channel(row)
        is_shut = channel.state != State.CLOSED or channel.is_paused
        return is_shut if name == "let_send" else channel.state != State.OPEN or channel.probe_at is not None

    @admin.display(description=_("Mode"))
    def mode(self, issuer: Issuer) -> SafeString:
        return mode_badge(issuer.livemode)

    @admin.display(description=_("Sending"))
    def sending(self, issuer: Issuer) -> SafeString:
        channel = _channel(issuer)
        if not issuer.active:
            return badge(_("off"), "off")
        if channel.state != State.CLOSED:
            return badge(channel.get_state_display(), "bad", title=channel.why)
        if channel.is_paused:
            return badge(_("paused"), "bad", title=channel.pause_reason)
        return badge(_("recovering"), "warn") if channel.limit else badge(_("sending"), "good")

    @admin.display(description=_("calls in flight now allowed"))
    def calls(self, issuer: Issuer) -> str:
        limit = _channel(issuer).limit
        return f"{min(issuer.in_flight, limit or issuer.in_flight)} / {issuer.in_flight}"

    @admin.display(description=_("why, and what comes next"))
    def next_trial(self, issuer: Issuer) -> str:
        channel = _channel(issuer)
        if channel.state == State.CLOSED and not channel.is_paused:
            return "–"
        if channel.state == State.OPEN and channel.probe_at is None:
            return _("%(why)s Waits for a person to let it go on.") % {"why": channel.why}
        moment = channel.paused_until if channel.is_paused else channel.probe_at
        why = channel.pause_reason if channel.is_paused else channel.why
        at = date(localtime(moment), "H:i:s") if moment else "–"
        return _("%(why)s The next document is tried at %(time)s.") % {"why": why, "time": at}

    @confirmed_action(
        description=_("Stop sending"),
        permissions=["control"],
        consequence=_("Nothing more is sent for this issuer until a person lets it go on. Calls under way still end."),
        form=ReasonForm,
        is_danger=True,
    )
    def stop_sending(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, stop_channel, done=_("stopped"), **fields)

    @confirmed_action(
        description=_("Let it send"),
        permissions=["control"],
        consequence=_("One document is tried at once. When the provider answers, the others follow."),
        form=ReasonForm,
    )
    def let_send(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, release_channel, done=_("sending again"), **fields)


def _channel(issuer: Issuer) -> Channel:
    """Return the issuer's channel; one that was never needed has no row and is at rest."""
    try:
        return issuer.channel
    except Channel.DoesNotExist:
        return Channel()
