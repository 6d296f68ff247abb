"""Tokens of the API: the secret is shown once, in the answer that made it, and is kept nowhere."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from config.admin import HouseAdmin, badge, confirmed_action, run_on_each
from config.models import ApiToken
from config.tokens import SCOPES, make_token, revoke_token


class ApiTokenForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        label=_("May read"), choices=[(scope, scope) for scope in SCOPES], widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiToken
        fields = ["name", "scopes", "expires_at"]

    def clean_expires_at(self) -> Any:
        ends = self.cleaned_data["expires_at"]
        if ends is not None and ends <= now():
            raise forms.ValidationError(_("This time has passed already."))
        return ends


def revoke_for(token: ApiToken, *, actor: Any) -> None:
    """Revoke a token and note who did."""
    revoke_token(token)
    LogEntry.objects.log_actions(actor.pk, [token], CHANGE, gettext("Revoked."), single_object=True)


@admin.register(ApiToken)
class ApiTokenAdmin(HouseAdmin):
    """Made and revoked; never changed, because a machine relies on what it was given."""

    position = 40
    needs_proof = True
    form = ApiTokenForm
    action_rights = {"manage": "config.change_apitoken"}
    list_display = ["name", "prefix", "state", "scope_names", "created_by", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["created_by"]
    confirm_display = ["name", "prefix", "state", "last_used_at"]
    actions = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        given = ["name", "scopes", "expires_at"]
        return given if obj is None else [*given, "prefix", "created_by", "created_at", "last_used_at", "revoked_at"]

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        made, secret = make_token(created_by=request.user, **form.cleaned_data)
        obj.pk, obj.prefix, obj.secret = made.pk, made.prefix, secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new token"),
            "opts": self.opts,
            "token": obj,
            "list_url": self.list_url(),
        }
        # The admin's pages are never cached, so this answer is the only place where the secret stands.
        return TemplateResponse(request, "admin/config/token_made.html", context)

    def action_applies(self, row: ApiToken, name: str) -> bool:
        return row.revoked_at is None

    @admin.display(description=_("State"))
    def state(self, token: ApiToken) -> SafeString:
        if token.revoked_at:
            return badge(pgettext_lazy("API token", "revoked"), "off")
        if token.expires_at and token.expires_at <= now():
            return badge(_("expired"), "off")
        return badge(_("in use"), "good")

    @admin.display(description=_("May read"))
    def scope_names(self, token: ApiToken) -> str:
        return ", ".join(token.scopes)

    @confirmed_action(
        description=_("Revoke"),
        permissions=["manage"],
        consequence=_("Whatever uses this token gets no answer any more. This cannot be undone."),
        is_danger=True,
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, revoke_for, done=pgettext_lazy("API token", "revoked"), **fields)
