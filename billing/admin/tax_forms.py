"""What staff are asked when they enter tax data: the customer's form with what is known, and what only they know."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.languages import LANGUAGES
from billing.models import Sale, TaxProfile, profile_of
from billing.profile_checks import check_values
from billing.profile_fields import KINDS, PERSON_TYPES
from billing.tax_form import TaxForm, initial_of
from config.admin import ReasonForm

OWN = ("commercial_name", "person_type", "language", "segment")


class EnterTaxDataForm(TaxForm, ReasonForm):
    """For a tax profile, or for the buyer of a sale. An emptied field takes the entry away."""

    commercial_name = forms.CharField(label=_("Commercial name"), max_length=150, required=False)
    person_type = forms.ChoiceField(
        label=_("Natural or legal person"), required=False, choices=[("", _("Not stated")), *PERSON_TYPES.items()]
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("As Stripe says")), *((x, x) for x in sorted(LANGUAGES))]
    )
    segment = forms.CharField(label=_("Segment"), max_length=40, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    field_order = [
        "kind", "legal_name", "commercial_name", "person_type", "id_type", "id_number", "nrc", "activity_code",
        "country", "municipality", "district", "line", "city", "postal_code", "email", "phone", "language", "segment",
        "reason",
    ]  # fmt: skip

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        row: Sale | TaxProfile = rows[0]
        self.customer_id = row.buyer_id if isinstance(row, Sale) else row.customer_id
        self.livemode = row.livemode
        self.profile = profile_of(self.customer_id, livemode=row.livemode)
        known = self.profile.values
        self.settled = self.profile.confirmed
        initial = {**initial_of(known), **{name: known.get(name, "") for name in OWN}, "version": self.profile.version}
        super().__init__(*args, rows=rows, initial=initial, **kwargs)
        kind = cast(forms.ChoiceField, self.fields["kind"])
        kind.required, kind.label, kind.widget = False, _("Kind of buyer"), forms.Select()
        kind.choices = [("", _("Decided by the other data")), *KINDS.items()]

    def clean(self) -> dict[str, Any]:
        """Check at once what the service checks, so that what is wrong stands beside its field."""
        cleaned = super().clean()
        if not self.errors:
            _checked, problems = check_values(self.values(), known={})
            self.show(problems)
        return cleaned

    def values(self) -> dict[str, str]:
        return {**super().values(), **{name: self.cleaned_data[name] for name in OWN}}

    def service_fields(self) -> dict[str, Any]:
        return {
            "customer_id": self.customer_id,
            "livemode": self.livemode,
            "values": self.values(),
            "is_confirmed": self.is_confirmed,
            "version": self.cleaned_data["version"],
            "reason": self.cleaned_data["reason"],
        }
