"""The fields of a tax profile: what each is called, how it is read, and under which name the buyer is made of it.

`fact` is the name in the published order of `billing/parties.py`; a field without one is for the house alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from billing.parties import Rule
from billing.texts import clean, digits

UPPER = gettext_noop("capital letters")
LOWER = gettext_noop("small letters")


def _upper(raw: str) -> tuple[str, str]:
    text, rule = clean(raw)
    return (text, rule) if text == text.upper() else (text.upper(), ", ".join(filter(None, (rule, UPPER))))


def _lower(raw: str) -> tuple[str, str]:
    text, rule = clean(raw)
    return (text, rule) if text == text.lower() else (text.lower(), ", ".join(filter(None, (rule, LOWER))))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileField:
    """One field; `longest` counts the characters of the value."""

    label: Promise
    fact: str = ""
    rule: Rule = clean
    longest: int = 250


KINDS: Mapping[str, Promise] = {
    "consumer": _("Final consumer"),
    "company": _("Company registered for IVA"),
    "foreign": _("Buyer abroad"),
}
PERSON_TYPES: Mapping[str, Promise] = {"natural": _("Natural person"), "legal": _("Legal person")}

FIELDS: Mapping[str, ProfileField] = {
    "kind": ProfileField(label=_("Kind of buyer"), fact="tax_profile.document_kind", rule=_lower, longest=10),
    "legal_name": ProfileField(label=_("Legal name"), fact="tax_profile.legal_name"),
    "commercial_name": ProfileField(label=_("Commercial name"), fact="tax_profile.commercial_name", longest=150),
    "nit": ProfileField(label=_("NIT"), fact="tax_profile.sv_nit", rule=digits, longest=14),
    "dui": ProfileField(label=_("DUI"), fact="tax_profile.sv_dui", rule=digits, longest=9),
    "passport": ProfileField(label=_("Passport"), fact="tax_profile.sv_passport", longest=20),
    "resident_card": ProfileField(label=_("Resident card"), fact="tax_profile.sv_resident_card", longest=20),
    "other_id": ProfileField(label=_("Other document"), fact="tax_profile.tax_ids.other", longest=20),
    "nrc": ProfileField(label=_("NRC"), fact="tax_profile.sv_nrc", rule=digits, longest=8),
    "person_type": ProfileField(
        label=_("Natural or legal person"), fact="tax_profile.person_type", rule=_lower, longest=10
    ),
    "activity_code": ProfileField(label=_("Activity code"), fact="tax_profile.sv_activity_code", longest=6),
    "country": ProfileField(label=_("Country"), fact="tax_profile.address.country", rule=_upper, longest=2),
    "department": ProfileField(label=_("Department"), fact="tax_profile.sv_department", longest=2),
    "municipality": ProfileField(label=_("Municipality"), fact="tax_profile.sv_municipality", longest=2),
    "district": ProfileField(label=_("District"), fact="tax_profile.sv_district", longest=2),
    "line": ProfileField(label=_("Address"), fact="tax_profile.address.line1", longest=200),
    "city": ProfileField(label=_("City"), fact="tax_profile.address.city", longest=100),
    "postal_code": ProfileField(label=_("Postal code"), fact="tax_profile.address.postal_code", longest=20),
    "email": ProfileField(label=_("E-mail"), fact="tax_profile.email", longest=100),
    "phone": ProfileField(label=_("Phone"), fact="tax_profile.phone", longest=30),
    "language": ProfileField(label=_("Language"), fact="tax_profile.language", rule=_lower, longest=2),
    "segment": ProfileField(label=_("Segment"), longest=40),
}
TAX_ID_FIELDS = ("nit", "dui", "passport", "resident_card", "other_id")
"""The documents by which a buyer is identified, in the order in which the first one given is printed."""

HOME_COUNTRY = "SV"
