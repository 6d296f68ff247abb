"""What the customer's form begins with: what this buyer said themselves, to us or to Stripe, and nothing else."""

from collections.abc import Sequence
from dataclasses import replace

from billing.models import Sale
from billing.profile_fields import TAX_ID_FIELDS
from billing.profiles import CUSTOMER, Profile
from billing.services.redraft import draft_of
from billing.tax_form import form_field, initial_of
from smartbill.drafts import Party
from smartbill.lifecycle import Kind

KINDS = {Kind.CCF: "company", Kind.EXPORT: "foreign"}
"""The kind of buyer that a kind of document speaks of; a factura may be what nobody has chosen yet."""
PLAIN = {"legal_name": "name", "nrc": "nrc", "activity_code": "activity_code", "email": "email", "phone": "phone"}
PLACE = ("country", "department", "municipality", "district", "line", "city", "postal_code")


def known_by_customer(sales: Sequence[Sale], profile: Profile) -> dict[str, str]:
    """Return the first values of the form, from the buyer's own words and from Stripe at the newest of their sales.

    A field of which staff or an import has spoken stays empty: theirs is not shown, and what Stripe has for it would
    take its place when it is sent back.
    """
    own = {name: entry for name, entry in profile.entries.items() if entry.source == CUSTOMER}
    others = {form_field(name) for name in profile.entries.keys() - own.keys()}
    values = {name: entry.value for name, entry in own.items()}
    if sales:
        draft = draft_of(sales[-1], replace(profile, entries=own))
        values = (
            _values_of(draft.party) | ({"kind": KINDS[kind]} if (kind := Kind(draft.kind)) in KINDS else {}) | values
        )
    if "id_number" in others:
        others.add("id_type")
    return {name: value for name, value in initial_of(values).items() if value and name not in others}


def _values_of(party: Party) -> dict[str, str]:
    found = {name: getattr(party, column) for name, column in PLAIN.items()}
    found |= {name: getattr(party.address, name) for name in PLACE}
    kind = "other_id" if party.tax_id_type == "other" else party.tax_id_type
    if kind in TAX_ID_FIELDS:
        found[kind] = party.tax_id
    return {name: value for name, value in found.items() if value}
