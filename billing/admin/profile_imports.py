"""Files with tax data: given, checked cell by cell, and applied as a whole by somebody who has seen the result."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from billing.errors import BillingError
from billing.models import ProfileImport
from billing.profile_fields import FIELDS
from billing.services.import_profiles import apply_import, check_import
from billing.spreadsheets import MOST_BYTES
from config.admin import HouseAdmin, ReasonForm, badge, confirmed_action, mode_badge, moment, run_on_each
from notifications.errors import MessageError

State = ProfileImport.State
TONES: dict[str, str] = {State.FAULTY: "bad", State.CHECKED: "wait", State.APPLIED: "good"}
MOST_SHOWN = 500


class ProfileImportForm(forms.ModelForm):  # type: ignore[type-arg]
    file = forms.FileField(
        label=_("File"),
        help_text=format_lazy(
            _("CSV or XLSX with a heading. Columns: customer_id and any of these: {names}."), names=", ".join(FIELDS)
        ),
    )

    class Meta:
        model = ProfileImport
        fields = ["livemode"]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 2 MB: split it."))
        return file


def _doubted(names: Sequence[str]) -> SafeString | str:
    """Warn of numbers whose check digit does not fit: documents for them wait until a person confirms them."""
    if not names:
        return ""
    text = _("%(fields)s: the check digit does not fit. Documents wait until somebody confirms it in the tax profile.")
    return badge(text % {"fields": ", ".join(str(FIELDS[name].label) for name in names)}, "warn")


@admin.register(ProfileImport)
class ProfileImportAdmin(HouseAdmin):
    """Nothing changes when a file is given: its page shows what would happen, and has the button."""

    section = "work"
    position = 28
    refusals = (BillingError, MessageError)
    form = ProfileImportForm
    action_rights = {"apply": "billing.import_taxprofile"}
    list_display = ["file_name", "shown_state", "new", "changed", "same", "faults", "mode", "actor", "given"]
    list_select_related = ["actor"]
    sortable_by = ()
    confirm_display = ["file_name", "shown_state", "new", "changed", "same", "mode"]
    readonly_fields = ["shown_state", "mode", "wrong", "would_change", "given"]
    actions = ["apply"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("billing.import_taxprofile"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return ["file", "livemode"]
        counts = ["new", "changed", "same"]
        kept = ["sha256", "actor", "given", "applied_at", "applied_by"]
        return ["file_name", "shown_state", "mode", "wrong", *counts, "would_change", *kept]

    def save_model(self, request: HttpRequest, obj: ProfileImport, form: Any, change: bool) -> None:
        file = form.cleaned_data["file"]
        livemode = form.cleaned_data["livemode"]
        made = check_import(file_name=file.name, content=file.read(), livemode=livemode, actor=request.user)
        obj.pk, obj.file_name = made.pk, made.file_name

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return HttpResponseRedirect(self.page_url(obj.pk))

    def action_applies(self, row: ProfileImport, name: str) -> bool:
        return row.state == State.CHECKED

    @admin.display(description=_("State"))
    def shown_state(self, row: ProfileImport) -> SafeString:
        return badge(row.get_state_display(), TONES[row.state])

    @admin.display(description=_("Mode"))
    def mode(self, row: ProfileImport) -> SafeString:
        return mode_badge(row.livemode)

    @admin.display(description=_("Faults"))
    def faults(self, row: ProfileImport) -> int:
        return len(row.problems)

    @admin.display(description=_("Given"))
    def given(self, row: ProfileImport) -> SafeString:
        return moment(row.created_at)

    @admin.display(description=_("What is wrong"))
    def wrong(self, row: ProfileImport) -> SafeString | str:
        rows = (
            (
                _("Row %(row)s") % {"row": fault["row"]} if fault["row"] else "",
                fault["cell"],
                fault["field"],
                fault["message"],
            )
            for fault in row.problems[:MOST_SHOWN]
        )
        return format_html_join("", "<p>{} <strong>{}</strong> <code>{}</code> {}</p>", rows) or "–"

    @admin.display(description=_("What changes"))
    def would_change(self, row: ProfileImport) -> SafeString | str:
        rows = (
            (
                _("Row %(row)s") % {"row": each["row"]},
                each["customer_id"],
                "; ".join(f"{FIELDS[name].label}: {value}" for name, value in each["values"].items()),
                _doubted(each["doubts"]),
            )
            for each in row.rows[:MOST_SHOWN]
        )
        return format_html_join("", "<p>{} <strong>{}</strong> {} {}</p>", rows) or "–"

    @confirmed_action(
        description=_("Apply the file"),
        permissions=["apply"],
        consequence=_(
            "All rows are stored, or none. The data outrank what Stripe says; documents that wait for them are looked "
            "at again and sent at once when nothing is missing."
        ),
        form=ReasonForm,
        one_row=True,
    )
    def apply(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, apply_import, done=_("applied"), **fields)
