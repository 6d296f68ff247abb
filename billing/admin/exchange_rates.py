"""The exchange rates: entered one by one or from a file, each with its source; what was replaced stays to be seen."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.errors import RateRefused
from billing.models import ExchangeRate
from billing.services.import_rates import COLUMNS, Judged, import_rates, judge_rates
from billing.services.record_rate import NewRate, check_rate, record_rate
from config.admin import HouseAdmin, badge

VERDICTS = {
    "new": (gettext_lazy("new"), "good"),
    "same": (gettext_lazy("stored already"), "off"),
    "replaces": (gettext_lazy("replaces another"), "warn"),
    "wrong": (gettext_lazy("wrong"), "bad"),
}
LARGEST_FILE = 1_000_000


class ExchangeRateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rate as it is entered by hand."""

    class Meta:
        model = ExchangeRate
        fields = ["currency", "into", "on", "rate", "source", "reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            check_rate(self.new_rate())
        except RateRefused as error:
            raise forms.ValidationError(str(error)) from error
        standing = ExchangeRate.objects.in_force().filter(**{n: cleaned[n] for n in ("currency", "into", "on")}).first()
        if standing and not self.new_rate().is_same_as(standing) and not cleaned["reason"].strip():
            text = _("%(rate)s is stored already. Say why the new one replaces it.")
            self.add_error("reason", text % {"rate": standing})
        return cleaned

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean_into(self) -> str:
        return str(self.cleaned_data["into"]).upper()

    def validate_unique(self) -> None:
        """Leave it to the service: a second rate for a day replaces the first one openly."""

    def validate_constraints(self) -> None:
        """The same."""

    def new_rate(self) -> NewRate:
        return NewRate(**{name: self.cleaned_data[name] for name in ("currency", "into", "on", "rate", "source")})


class ImportForm(forms.Form):
    """A file, or the text of the one that was just shown; the reason counts where a rate replaces another."""

    file = forms.FileField(label=gettext_lazy("CSV file"), required=False)
    text = forms.CharField(widget=forms.HiddenInput, required=False, strip=False, max_length=LARGEST_FILE)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=500,
        help_text=gettext_lazy("Needed where a rate replaces another."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if upload := cleaned.get("file"):
            if upload.size > LARGEST_FILE:
                raise forms.ValidationError(_("The file is too large."))
            try:
                cleaned["text"] = upload.read().decode("utf-8")
            except UnicodeDecodeError as error:
                raise forms.ValidationError(_("The file is not text in UTF-8.")) from error
        if not cleaned.get("text"):
            raise forms.ValidationError(_("Choose a file."))
        return cleaned


@admin.register(ExchangeRate)
class ExchangeRateAdmin(HouseAdmin):
    position = 40
    asks_reason = False
    form = ExchangeRateForm
    refusals = (RateRefused,)
    change_list_template = "admin/billing/exchangerate/list.html"
    list_display = ["on", "currency", "into", "shown_rate", "source", "state", "recorded_by", "recorded_at"]
    list_select_related = ["recorded_by"]
    list_filter = []
    search_fields = ["currency", "source"]
    sortable_by = ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        entered = list(ExchangeRateForm.Meta.fields)
        return entered if obj is None else [*entered, "recorded_by", "recorded_at", "replaced_at"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"into": "USD"} | super().get_changeform_initial_data(request)

    def save_model(self, request: HttpRequest, obj: ExchangeRate, form: Any, change: bool) -> None:
        stored = record_rate(form.new_rate(), actor=request.user, reason=form.cleaned_data["reason"])
        obj.pk = stored.pk

    @admin.display(description=gettext_lazy("Rate"))
    def shown_rate(self, row: ExchangeRate) -> str:
        return f"1 {row.currency} = {row.rate.normalize():f} {row.into}"

    @admin.display(description=gettext_lazy("State"))
    def state(self, row: ExchangeRate) -> SafeString:
        return badge(_("replaced"), "off") if row.replaced_at else badge(_("in force"), "good")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="billing_exchangerate_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Show what a file would do, and store it when the same text comes back confirmed."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        judged: list[Judged] = []
        if request.method == "POST" and form.is_valid():
            text, reason = form.cleaned_data["text"], form.cleaned_data["reason"]
            try:
                if "_confirmed" in request.POST:
                    with self.acting(request, reason):
                        stored = import_rates(text, actor=request.user, reason=reason)
                    return self._imported(request, stored)
                judged = judge_rates(text)
            except RateRefused as error:
                form.add_error(None, str(error))
            form.data = {"text": text, "reason": reason}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import exchange rates"),
            "opts": self.opts,
            "form": form,
            "columns": ", ".join(COLUMNS),
            "lines": [(line, badge(*VERDICTS[line.verdict])) for line in judged],
            "may_store": bool(judged) and all(line.verdict != "wrong" for line in judged),
        }
        return TemplateResponse(request, "admin/billing/exchangerate/import.html", context)

    def _imported(self, request: HttpRequest, judged: list[Judged]) -> HttpResponse:
        stored = sum(line.verdict in ("new", "replaces") for line in judged)
        told = _("%(stored)s rates stored, %(same)s were stored already.")
        messages.success(request, told % {"stored": stored, "same": len(judged) - stored})
        return HttpResponseRedirect(reverse("admin:billing_exchangerate_changelist"))
