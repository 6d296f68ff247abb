"""The amounts of the law: what is in force, what was, and what comes on a known day; rows are only ever added."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from config.admin import HouseAdmin, amount, badge, two_lines
from smartbill.legal_limits import in_force
from smartbill.models import Issuer, LegalLimit
from smartbill.models.legal_limit import known_limits
from smartbill.services.record_limit import NewLimit, record_limit


class LegalLimitForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row as a person enters it."""

    reason = forms.CharField(label=_("Why it is entered"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = LegalLimit
        fields = [
            "country", "kind", "demand", "effect", "amount", "currency", "valid_from", "source", "certainty", "reason",
        ]  # fmt: skip

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def validate_constraints(self) -> None:
        """Leave it to the service, which knows who enters the row."""

    def new_limit(self) -> NewLimit:
        return NewLimit(**{name: value for name, value in self.cleaned_data.items() if name != "reason"})


@admin.register(LegalLimit)
class LegalLimitAdmin(HouseAdmin):
    position = 48
    asks_reason = False
    form = LegalLimitForm
    list_display = ["valid_from", "kind", "demand", "effect", "shown_amount", "state", "stated_by", "entered"]
    list_select_related = ["recorded_by"]
    search_fields = ["source"]
    sortable_by = ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        entered = list(LegalLimitForm.Meta.fields)
        return entered if obj is None else [*entered, "recorded_by", "recorded_at"]

    def save_model(self, request: HttpRequest, obj: LegalLimit, form: Any, change: bool) -> None:
        obj.pk = record_limit(form.new_limit(), actor=request.user, reason=form.cleaned_data["reason"]).pk

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Say of each row of the page whether it is in force: each country's rows are read once."""
        found = super().get_changelist_instance(request)
        found.result_list = list(found.result_list)
        zones = {issuer.country: issuer.zone for issuer in Issuer.objects.all()}
        numbers = {
            limit.number
            for country in {row.country for row in found.result_list}
            for limit in in_force(known_limits(country), now().astimezone(zones.get(country)).date())
        }
        for row in found.result_list:
            row.stands = row.pk in numbers
        return found

    @admin.display(description=_("From this amount"))
    def shown_amount(self, row: LegalLimit) -> str:
        return str(_("no limit")) if row.amount is None else amount(row.amount, row.currency)

    @admin.display(description=_("State"))
    def state(self, row: LegalLimit) -> SafeString:
        if getattr(row, "stands", False):
            return badge(_("in force"), "good")
        return badge(_("to come"), "wait") if row.valid_from > now().date() else badge(_("over"), "off")

    @admin.display(description=_("Source"))
    def stated_by(self, row: LegalLimit) -> SafeString:
        return two_lines(row.source, row.get_certainty_display())

    @admin.display(description=_("Entered by"))
    def entered(self, row: LegalLimit) -> SafeString:
        return two_lines(str(row.recorded_by or _("with the release")), row.reason)
