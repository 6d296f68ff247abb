"""The rules of the house: written here, tried on the past, switched on, and never changed while they are on."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.rule_form import CONDITIONS, SAID, RuleForm
from billing.errors import BillingError
from billing.models import Rule
from billing.rule_conditions import Condition
from billing.rule_texts import condition_words, rule_words, unknown_words
from billing.services.save_rule import add_rule, change_rule, copy_rule
from billing.services.simulate_rule import begin_simulation
from billing.services.switch_rule import switch_off, switch_on
from config.admin import HouseAdmin, ReasonForm, badge, confirmed_action, moment, run_on_each
from smartbill.errors import SmartbillError

State = Rule.State
TONES: dict[str, str] = {State.DRAFT: "wait", State.SIMULATED: "warn", State.ON: "good", State.OFF: "off"}
SHOWN = ["status", "issuer", "position", "does", "asks", "unknown", "validity", "version", "author"]
TRAIL = ["next_step", "simulations", "history"]


class SwitchOnForm(ReasonForm):
    """`seen` is the version that the page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"].initial = self.rows[0].version


@admin.register(Rule)
class RuleAdmin(HouseAdmin):
    section = "setup"
    position = 30
    asks_reason = False
    form = RuleForm
    refusals = (BillingError, SmartbillError)
    action_rights = {
        "write": "billing.change_rule",
        "copy": "billing.add_rule",
        "switch": "billing.switch_rule",
    }
    list_display = ["name", "status", "issuer", "position", "does", "asks", "changed"]
    list_filter = ["state", "action", "issuer"]
    list_select_related = ["issuer", "author"]
    search_fields = ["name"]
    sortable_by = ()
    ordering = ("issuer", "position", "id")
    confirm_display = ["name", "status", "issuer", "does", "asks", "unknown"]
    readonly_fields = ["status", "does", "asks", "unknown", "validity", "next_step", "simulations", "history"]
    actions = ["simulate", "switch_on", "switch_off", "copy"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A rule that is on is only looked at."""
        return (obj is None or obj.state != State.ON) and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["name", *SHOWN, *TRAIL]})]
        plain = [name for name in SAID if name not in ("action", "people", "terms", "chosen_kind", "if_unknown")]
        asked: list[Any] = [
            (None, {"fields": [*([] if obj is None else ["status", "next_step"]), "issuer", *plain]}),
            (_("All of these conditions"), {"fields": [*CONDITIONS, "if_unknown"]}),
            (_("What then happens"), {"fields": ["action", "people", "terms", "chosen_kind"]}),
        ]
        if obj is None:
            return asked
        last = (_("Change and history"), {"fields": ["reason", "seen", "simulations", "history"]})
        return [*asked, last]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form names its own fields: those of the conditions are no columns."""
        if obj is not None and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change, **{**kwargs, "form": forms.ModelForm, "fields": []})
        form = super().get_form(request, obj, change, **{**kwargs, "fields": RuleForm.Meta.fields})
        widget = form.base_fields["issuer"].widget
        widget.can_add_related = widget.can_change_related = widget.can_view_related = False
        return form

    def save_model(self, request: HttpRequest, obj: Rule, form: Any, change: bool) -> None:
        if change:
            cleaned = form.cleaned_data
            change_rule(
                obj, values=form.values(), version=cleaned["seen"] or 0, actor=request.user, reason=cleaned["reason"]
            )
        else:
            obj.pk = add_rule(issuer=form.cleaned_data["issuer"], values=form.values(), actor=request.user).pk

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Tell a refusal that only the service can see on the page that was sent."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except self.refusals as error:
            self.message_user(request, str(error), "warning")
            return HttpResponseRedirect(request.get_full_path())

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(self.page_url(obj.pk))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The rule's own history says it, with what was before and after."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The same."""

    def action_applies(self, row: Rule, name: str) -> bool:
        match name:
            case "switch_on":
                return row.state != State.ON and row.simulated_version == row.version
            case "switch_off":
                return row.state == State.ON
            case _:
                return True

    @admin.display(description=_("State"))
    def status(self, rule: Rule) -> SafeString:
        return badge(rule.get_state_display(), TONES[rule.state])

    @admin.display(description=_("What it does"))
    def does(self, rule: Rule) -> str:
        return rule_words(rule.text.as_json())

    @admin.display(description=_("Conditions"))
    def asks(self, rule: Rule) -> SafeString:
        rows = ((condition_words(each, rule.issuer.currency),) for each in _conditions(rule))
        return format_html_join("", "<p>{}</p>", rows)

    @admin.display(description=_("When a condition cannot be answered"))
    def unknown(self, rule: Rule) -> str:
        return unknown_words(rule.text.as_json())

    @admin.display(description=_("Valid"))
    def validity(self, rule: Rule) -> str:
        return f"{rule.valid_from or '…'} – {rule.valid_until or '…'}"

    @admin.display(description=_("Changed"))
    def changed(self, rule: Rule) -> SafeString:
        return moment(rule.updated_at)

    @admin.display(description=_("Next step"))
    def next_step(self, rule: Rule) -> str:
        if rule.state == State.ON:
            return gettext("It counts for every sale. To change it: copy it, try the copy, then exchange the two.")
        if rule.simulated_version == rule.version:
            return gettext("Look at what it would have done, then switch it on.")
        return gettext("Try it on the past 90 days: only then can it be switched on.")

    @admin.display(description=_("Tried on the past"))
    def simulations(self, rule: Rule) -> SafeString | str:
        rows = (
            (
                reverse("admin:billing_rulesimulation_change", args=[each.pk]),
                gettext("Version %(version)s") % {"version": each.version},
                each.get_state_display(),
                moment(each.created_at),
            )
            for each in rule.simulations.order_by("-id")[:20]
        )
        return format_html_join("", '<p><a href="{}">{}</a> · {} · {}</p>', rows) or "–"

    @admin.display(description=_("What happened"))
    def history(self, rule: Rule) -> SafeString:
        rows = (
            (moment(each.created_at), each.version, each.actor or "", _changes(rule, each), each.reason)
            for each in rule.changes.select_related("actor").order_by("-id")[:100]
        )
        return format_html_join("", "<p>{} <strong>v{}</strong> {} {} <small>{}</small></p>", rows)

    @confirmed_action(
        description=_("Try it on the past 90 days"),
        permissions=["write"],
        consequence=_("Every sale of the last 90 days is looked at as if this rule had been on. Nothing is changed."),
    )
    def simulate(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, begin_simulation, done=_("is being tried; its page shows how far"))

    @confirmed_action(
        description=_("Switch on"),
        permissions=["switch"],
        consequence=_("The rule counts for every sale that is decided from now on, and for those decided again."),
        form=SwitchOnForm,
        one_row=True,
    )
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, switch_on, done=_("switched on"), **fields)

    @confirmed_action(
        description=_("Switch off"),
        permissions=["switch"],
        consequence=_("The rule counts no more. What waits because of it alone goes on at once."),
        form=ReasonForm,
    )
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, switch_off, done=_("switched off"), **fields)

    @confirmed_action(
        description=_("Copy"),
        permissions=["copy"],
        consequence=_("A draft with the same words is made, to be changed and tried. This rule stays as it is."),
        form=ReasonForm,
    )
    def copy(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, copy_rule, done=_("copied"), **fields)


def _conditions(rule: Rule) -> list[Condition]:
    return [Condition.from_json(row) for row in rule.conditions]


def _changes(rule: Rule, change: Any) -> SafeString:
    rows = (
        (_label(name), _shown(rule, name, change.before.get(name)), _shown(rule, name, value))
        for name, value in change.after.items()
    )
    return format_html_join("; ", "{}: {} → {}", rows)


def _label(name: str) -> str:
    return gettext("Conditions") if name == "conditions" else str(Rule._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _shown(rule: Rule, name: str, value: Any) -> SafeString | str:
    if value in (None, "", []):
        return "–"
    if name == "conditions":
        rows = ((condition_words(Condition.from_json(each), rule.issuer.currency),) for each in value)
        return format_html_join(gettext(" and "), "{}", rows)
    choices = dict(getattr(Rule._meta.get_field(name), "flatchoices", []))
    return format_html("{}", choices.get(value, value))
