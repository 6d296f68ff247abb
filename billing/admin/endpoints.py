"""Where Stripe delivers events: the signing secrets can be replaced and never be read."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.models import StripeEndpoint
from billing.services.save_endpoint import save_endpoint
from config.admin import HouseAdmin, badge, mode_badge


class StripeEndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """The secrets can be written and never read."""

    new_secrets = forms.CharField(
        label=_("Signing secrets"),
        required=False,
        max_length=2000,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("One per line; all are accepted while one is being replaced. Leave empty to keep what is stored."),
    )

    class Meta:
        model = StripeEndpoint
        fields = ["label", "uuid", "account_id", "livemode", "api_version", "issuer", "enabled"]

    def clean_new_secrets(self) -> str:
        typed: str = self.cleaned_data["new_secrets"]
        if not typed and self.instance.pk is None:
            raise forms.ValidationError(_("Enter the signing secret."))
        return typed


@admin.register(StripeEndpoint)
class StripeEndpointAdmin(HouseAdmin):
    position = 30
    needs_proof = True
    form = StripeEndpointForm
    list_display = ["label", "account_id", "mode", "issuer", "state", "api_version", "caught_up_to"]
    list_select_related = ["issuer"]
    readonly_fields = ["address", "caught_up_to", "created_at"]
    fields = [*StripeEndpointForm.Meta.fields, "new_secrets", *readonly_fields]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return [*StripeEndpointForm.Meta.fields, "new_secrets"]
        changes = self.has_change_permission(request, obj)
        return [name for name in self.fields or [] if changes or name != "new_secrets"]

    def save_model(self, request: HttpRequest, obj: StripeEndpoint, form: Any, change: bool) -> None:
        save_endpoint(obj, secrets=form.cleaned_data["new_secrets"], actor=request.user)

    @admin.display(description=_("Mode"))
    def mode(self, endpoint: StripeEndpoint) -> SafeString:
        return mode_badge(endpoint.livemode)

    @admin.display(description=_("State"))
    def state(self, endpoint: StripeEndpoint) -> SafeString:
        return badge(_("enabled"), "good") if endpoint.enabled else badge(_("off"), "off")

    @admin.display(description=_("Address to enter at Stripe"))
    def address(self, endpoint: StripeEndpoint) -> SafeString:
        return format_html("<code>{}/stripe/webhook/{}/</code>", settings.PUBLIC_BASE_URL, endpoint.uuid)
