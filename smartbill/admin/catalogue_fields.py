"""Fields whose values stand in the tax authority's lists: a person chooses by name, and the draft keeps the code."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from smartbill.providers.el_salvador.catalogues import (
    ACTIVITIES,
    COUNTRIES,
    DEPARTMENTS,
    catalogue,
    districts,
    municipalities,
)

PLACES = {"municipality": municipalities, "district": districts}
Choices = list[tuple[str, Any]]


class CatalogueField(forms.ChoiceField):
    """A code of a list. What a draft has already may be kept, also where the list does not know it."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(required=False, choices=[("", gettext_lazy("Not given")), *_listed(name)], **options)

    def keep(self, code: str) -> None:
        """Offer the code that is there, so that looking at a form does not take it away."""
        if code and not self.valid_value(code):
            shown = _("%(code)s (not in the list)") % {"code": code}
            self.choices = [*self.choices, (code, shown)]  # type: ignore[misc]


class PlaceField(forms.ChoiceField):
    """A municipality or district, below its department: the codes are unique within one only."""

    def __init__(self, kind: str, **options: Any) -> None:
        self.department = ""
        super().__init__(required=False, choices=[("", gettext_lazy("Not given")), *_grouped(kind)], **options)

    def keep(self, code: str, department: str) -> None:
        """Show the code that is there within its department."""
        self.department = department
        if code and not self.valid_value(self.prepare_value(code)):
            shown = _("%(code)s (not in the list)") % {"code": code}
            self.choices = [*self.choices, (self.prepare_value(code), shown)]  # type: ignore[misc]

    def prepare_value(self, value: Any) -> Any:
        return f"{self.department}-{value}" if value and "-" not in value else value

    def to_python(self, value: Any) -> str:
        """Take a code alone as one of the department that the document has."""
        return str(self.prepare_value(super().to_python(value)))


def within(value: str, department: str) -> str:
    """Return the code alone. Raises ValidationError where the place lies in another department."""
    place, _hyphen, code = value.partition("-")
    if value and place != department:
        raise ValidationError(_("This place lies in another department: choose both again."))
    return code


@cache
def _listed(name: str) -> Choices:
    return [(code, f"{text} ({code})") for code, text in _by_name(catalogue(name).items())]


@cache
def _grouped(kind: str) -> Choices:
    return [
        (name, [(f"{department}-{code}", text.title()) for code, text in _by_name(PLACES[kind](department).items())])
        for department, name in _by_name(catalogue(DEPARTMENTS).items())
    ]


def _by_name(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(rows, key=lambda row: row[1])


def fields_of_catalogues() -> dict[str, Any]:
    """Return the fields of a buyer that the lists know, by the name that the draft has for them."""
    return {
        "activity_code": CatalogueField(ACTIVITIES, label=gettext_lazy("Economic activity")),
        "country": CatalogueField(COUNTRIES, label=gettext_lazy("Country")),
        "department": CatalogueField(DEPARTMENTS, label=gettext_lazy("Department")),
        "municipality": PlaceField("municipality", label=gettext_lazy("Municipality")),
        "district": PlaceField("district", label=gettext_lazy("District")),
    }
