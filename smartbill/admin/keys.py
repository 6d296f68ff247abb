"""API keys of the provider: the private part is typed once and never shown again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.admin import HouseAdmin, Problem, ReasonForm, badge, confirmed_action, run_on_each
from notifications.errors import MessageError
from smartbill.errors import SmartbillError
from smartbill.models import ApiKey
from smartbill.services.keys import resume_key, revoke_key, save_key


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """The private key can be written and never read."""

    new_private_key = forms.CharField(
        label=_("Private key"),
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept sealed. Leave empty to keep the one that is stored."),
    )

    class Meta:
        model = ApiKey
        fields = ["issuer", "label", "role", "public_key", "replace_on"]

    def clean_new_private_key(self) -> str:
        typed: str = self.cleaned_data["new_private_key"].strip()
        if not typed and self.instance.pk is None:
            raise forms.ValidationError(_("Enter the private key."))
        return typed


@admin.register(ApiKey)
class ApiKeyAdmin(HouseAdmin):
    position = 20
    needs_proof = True
    form = ApiKeyForm
    refusals = (SmartbillError, MessageError)
    problems = (
        Problem(
            key="stopped",
            label=_("API key stopped"),
            hint=_("The provider refused it. Nothing is sent through it any more."),
            urgency=4,
            tone="bad",
            since="stopped_at",
            rows=lambda rows: rows.filter(stopped_at__isnull=False, revoked_at=None),
        ),
        Problem(
            key="to_replace",
            label=_("API key to be replaced"),
            hint=_("Its date has come: make a new one at the provider."),
            urgency=80,
            since="replace_on",
            rows=lambda rows: rows.filter(replace_on__lte=localdate(), revoked_at=None),
        ),
    )
    action_rights = {"manage": "smartbill.change_apikey"}
    list_display = ["label", "issuer", "role", "hint", "state", "age", "last_used_at", "replace_on"]
    list_select_related = ["issuer"]
    confirm_display = ["label", "issuer", "role", "hint", "state"]
    readonly_fields = ["hint", "state", "age", "last_used_at", "last_error", "stopped_at", "revoked_at"]
    fields = ["issuer", "label", "role", "public_key", "new_private_key", "replace_on", *readonly_fields]
    actions = ["resume", "revoke"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = [name for name in self.fields or [] if obj or name not in self.readonly_fields]
        return (
            shown
            if obj is None or self.has_change_permission(request, obj)
            else [name for name in shown if name != "new_private_key"]
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A new pair is a new row: a key that moved to another issuer would send its documents from a wrong account."""
        return [*self.readonly_fields, *(["issuer", "public_key"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        save_key(obj, private_key=form.cleaned_data["new_private_key"], actor=request.user)

    def action_applies(self, row: ApiKey, name: str) -> bool:
        return row.revoked_at is None and (name == "revoke" or row.stopped_at is not None)

    @admin.display(description=_("Private key"))
    def hint(self, key: ApiKey) -> str:
        return f"…{key.private_last4}"

    @admin.display(description=_("State"))
    def state(self, key: ApiKey) -> SafeString:
        if key.revoked_at:
            return badge(_("revoked"), "off")
        if key.stopped_at:
            return badge(_("stopped"), "bad", title=key.last_error)
        return badge(_("in use"), "good")

    @admin.display(description=_("Age"))
    def age(self, key: ApiKey) -> str:
        return ngettext("%(days)d day", "%(days)d days", key.age_in_days) % {"days": key.age_in_days}

    @confirmed_action(
        description=_("Resume a stopped key"),
        permissions=["manage"],
        consequence=_("Documents are sent through this key again. If the provider still refuses it, it stops again."),
        needs_proof=True,
    )
    def resume(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, resume_key, done=_("in use again"), **fields)

    @confirmed_action(
        description=_("Revoke"),
        permissions=["manage"],
        consequence=_(
            "The key is never used again from here. Revoke it at the provider as well. This cannot be undone."
        ),
        form=ReasonForm,
        is_danger=True,
    )
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, revoke_key, done=_("revoked"), **fields)
