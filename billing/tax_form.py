"""The form for tax data, as the customer sees it and as staff do: fields of the form become fields of the profile."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from billing import places
from billing.profile_fields import FIELDS, HOME_COUNTRY, TAX_ID_FIELDS
from billing.texts import digits
from config.admin.ticked import ask_once
from smartbill.errors import Problem
from smartbill.providers.el_salvador.catalogues import ACTIVITIES, COUNTRIES, catalogue
from smartbill.providers.el_salvador.identity_rules import check_digit_fits

CONFIRM = "is_right"
Choices = list[tuple[str, Any]]
PLAIN = ("legal_name", "nrc", "activity_code", "country", "line", "city", "postal_code", "email", "phone")
FORM_FIELDS: Mapping[str, str] = {
    **{name: name for name in FIELDS},
    **dict.fromkeys(TAX_ID_FIELDS, "id_number"),
    "department": "municipality",
    "party.name": "legal_name",
    "party.tax_id": "id_number",
    "party.tax_id_type": "id_type",
    "party.activity_text": "activity_code",
    "party.address.department": "municipality",
}
"""Where a problem with a field of the profile or of the draft is shown."""


def form_field(path: str) -> str:
    """Return the field of the form at which a problem of the profile or of the draft is mended."""
    return FORM_FIELDS.get(path, path.rsplit(".", 1)[-1])


class TaxForm(forms.Form):
    """What a document may have to name. Which of it is needed depends on the kind; the service knows and says so.

    Of a number whose check digit does not fit it is asked once whether it is right; `settled` are those that somebody
    answered for before.
    """

    settled: Collection[str] = ()

    kind = forms.ChoiceField(
        label=_("Which document do you need?"),
        choices=[
            ("company", _("Comprobante de crédito fiscal: we are registered for IVA in El Salvador")),
            ("consumer", _("Factura for a final consumer: no tax credit")),
            ("foreign", _("Export invoice: we are outside El Salvador")),
        ],
        widget=forms.RadioSelect,
    )
    legal_name = forms.CharField(
        label=_("Legal name"), max_length=250, required=False, help_text=_("As registered, or as in your document.")
    )
    id_type = forms.ChoiceField(label=_("Kind of document number"), required=False)
    id_number = forms.CharField(
        label=_("Number"), max_length=40, required=False, help_text=_("With or without hyphens.")
    )
    nrc = forms.CharField(
        label=_("NRC"), max_length=20, required=False, help_text=_("The number of your IVA registration card.")
    )
    activity_code = forms.ChoiceField(label=_("Economic activity"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    municipality = forms.ChoiceField(label=_("Department and municipality"), required=False)
    district = forms.ChoiceField(label=_("District"), required=False)
    line = forms.CharField(label=_("Street, number, colony"), max_length=200, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    postal_code = forms.CharField(label=_("Postal code"), max_length=20, required=False)
    email = forms.CharField(
        label=_("E-mail"), max_length=100, required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False, widget=forms.TextInput({"type": "tel"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nothing: Choices = [("", _("Not given"))]
        for name, choices in {
            "id_type": [(name, FIELDS[name].label) for name in TAX_ID_FIELDS],
            "activity_code": _listed(ACTIVITIES),
            "country": _listed(COUNTRIES),
            "municipality": _grouped("municipalities"),
            "district": _grouped("districts"),
        }.items():
            cast(forms.ChoiceField, self.fields[name]).choices = [*nothing, *choices]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        number, kind = cleaned.get("id_number"), cleaned.get("id_type")
        if number and not kind:
            self.add_error("id_type", _("Say which document the number belongs to."))
        if kind and not number:
            self.add_error("id_number", _("Give the number of the document."))
        district, municipality = cleaned.get("district", ""), cleaned.get("municipality", "")
        if district and municipality and district[:2] != municipality[:2]:
            self.add_error("district", _("This district lies in another department than the municipality."))
        if kind in ("nit", "dui"):
            self._ask_about(digits(number or "")[0])
        return cleaned

    def _ask_about(self, number: str) -> None:
        if number in self.settled or check_digit_fits(number):
            return
        error = _("The last digit of %(number)s does not fit. Correct the number, or tick the box if it is right.")
        ask_once(
            self,
            CONFIRM,
            value=number,
            label=_("The number is right: I have compared it with the card"),
            error=str(error) % {"number": number},
            after="id_number",
        )

    @property
    def is_confirmed(self) -> bool:
        """Whether somebody stands by a number whose check digit does not fit."""
        return bool(self.cleaned_data.get(CONFIRM))

    def values(self) -> dict[str, str]:
        """Return every field of the profile that the form speaks about, empty where nothing was given."""
        typed = self.cleaned_data
        found = {"kind": typed["kind"], **{name: typed[name] for name in PLAIN}}
        found |= {name: typed["id_number"] if name == typed["id_type"] else "" for name in TAX_ID_FIELDS}
        place = typed["municipality"] or typed["district"]
        found["department"] = place.partition("-")[0]
        found["municipality"] = typed["municipality"].partition("-")[2]
        found["district"] = typed["district"].partition("-")[2]
        if typed["kind"] == "company" and not typed["country"]:
            # Who is registered for IVA is at home here: the choice says so.
            found["country"] = HOME_COUNTRY
        return found

    def given(self) -> dict[str, str]:
        """Return what a customer gave; what they left empty stays as it is known, a number they did not give does not.

        A consumer or a buyer abroad who gives no number wants none printed.
        """
        values = self.values()
        speaks = bool(self.cleaned_data["id_number"]) or values["kind"] != "company"
        return {name: raw for name, raw in values.items() if raw or (speaks and name in TAX_ID_FIELDS)}

    def show(self, problems: Iterable[Problem]) -> None:
        """Put problems found by a service beside their fields."""
        for problem in problems:
            name = form_field(problem.field)
            self.add_error(name if name in self.fields else None, str(problem.message))


def initial_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return the form's initial values of a profile."""
    found = {name: values[name] for name in (*PLAIN, "kind") if name in values}
    for name in reversed([name for name in TAX_ID_FIELDS if values.get(name)]):
        found |= {"id_type": name, "id_number": values[name]}
    for name in ("municipality", "district"):
        if values.get(name):
            found[name] = f"{values.get('department', '')}-{values[name]}"
    return found


@cache
def _listed(name: str) -> Choices:
    """Return a catalogue in the order of its texts; the codes of activities are what people have on their card."""
    rows = sorted(catalogue(name).items(), key=lambda row: row[1])
    return [(code, f"{text} ({code})") for code, text in rows]


@cache
def _grouped(kind: str) -> Choices:
    """Return the places of a kind below their departments; the value carries both codes."""
    return [
        (
            department,
            [(f"{code}-{place}", name.title()) for place, name in sorted(rows.items(), key=lambda row: row[1])],
        )
        for code, department, rows in places.within_departments(kind)
    ]
