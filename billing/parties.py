"""The buyer, put together from what Stripe knows, field by field, each with the source it came from.

The published order; the first source that holds something wins. `*` is a key of the seller's own:

| order | source | what it is |
|---|---|---|
| 0 | tax_profile | said by staff, by the customer through a link, or by an import (`billing/profiles.py`) |
| 1 | invoice, session, payment_intent, subscription `.metadata.*` | said for this very purchase |
| 2 | customer `.metadata.*` | said for every purchase of the customer |
| 3 | session `.custom_fields.*`, then those of the checkout that began the subscription | typed by the customer |
| 4 | session `.customer_details`, then invoice `.customer_*` | collected for this purchase |
| 5 | charge `.billing_details` | of the card |
| 6 | customer | as it is now |

Of a sale that a person entered, the kind of document chosen with it comes before all others.

Keys: legal_name, commercial_name, sv_nit, sv_dui, sv_nrc, sv_activity_code, sv_activity, sv_department,
sv_municipality, sv_district, sv_passport, sv_resident_card, person_type, document_kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from billing.addresses import address_of
from billing.texts import clean, digits
from smartbill.drafts import Party, Provenance

Facts = Mapping[str, str]
Rule = Callable[[str], tuple[str, str]]

PROFILE = (
    "tax_profile",
    "invoice.metadata",
    "session.metadata",
    "payment_intent.metadata",
    "subscription.metadata",
    "customer.metadata",
    "session.custom_fields",
    "signup_session.custom_fields",
)
TAX_IDS = ("tax_profile.tax_ids", "session.customer_details.tax_ids", "invoice.customer_tax_ids", "customer.tax_ids")
PEOPLE = ("session.customer_details", "invoice.customer", "charge.billing_details", "customer")


def profile(key: str) -> tuple[str, ...]:
    """Return the names of all facts in which a key of the buyer's tax data may stand."""
    return tuple(f"{place}.{key.replace('_', '') if 'custom_fields' in place else key}" for place in PROFILE)


def _of_person(*fields: str) -> tuple[str, ...]:
    return tuple(
        f"{person}{'_' if person == 'invoice.customer' else '.'}{field}" for person in PEOPLE for field in fields
    )


FIELD_SOURCES: Mapping[str, tuple[str, ...]] = {
    "name": profile("legal_name") + _of_person("business_name", "name", "individual_name"),
    "commercial_name": profile("commercial_name"),
    "nit": profile("sv_nit") + tuple(f"{place}.sv_nit" for place in TAX_IDS),
    "dui": profile("sv_dui"),
    "passport": profile("sv_passport"),
    "resident_card": profile("sv_resident_card"),
    "nrc": profile("sv_nrc"),
    "activity_code": profile("sv_activity_code"),
    "activity_text": profile("sv_activity"),
    "person_type": profile("person_type"),
    "email": ("tax_profile.email", *_of_person("email"), "payment_intent.receipt_email"),
    "phone": ("tax_profile.phone", *_of_person("phone")),
    "document_kind": ("manual.document_kind", *profile("document_kind")),
}
TAX_ID_TYPES: Mapping[str, Rule] = {"nit": digits, "dui": digits, "passport": clean, "resident_card": clean}
PLAIN = ("name", "commercial_name", "activity_code", "activity_text", "person_type", "email", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The party, what the buyer or the seller said about the kind of document, and where all of it came from."""

    party: Party
    stated_kind: str
    provenance: Mapping[str, Provenance] = field(default_factory=dict)


def pick(facts: Facts, sources: tuple[str, ...], rule: Rule = clean) -> tuple[str, Provenance | None]:
    """Return the value of the first source that holds something after the rule, and its provenance."""
    for source in sources:
        if source in facts:
            value, changed = rule(facts[source])
            if value:
                return value, Provenance(source=source, raw=facts[source], rule=changed)
    return "", None


def buyer_from(facts: Facts) -> Buyer:
    """Put the buyer together; a field without any source stays empty and has no provenance."""
    provenance: dict[str, Provenance] = {}

    def note(name: str, found: tuple[str, Provenance | None]) -> str:
        value, origin = found
        if origin is not None:
            provenance[name] = origin
        return value

    values = {name: note(f"party.{name}", pick(facts, FIELD_SOURCES[name])) for name in PLAIN}
    values["nrc"] = note("party.nrc", pick(facts, FIELD_SOURCES["nrc"], digits))
    values["tax_id_type"], found = _tax_id(facts)
    values["tax_id"] = note("party.tax_id", found)
    address, places = address_of(facts, profile=profile)
    stated = note("kind", pick(facts, FIELD_SOURCES["document_kind"]))
    party = Party(address=address, **values)
    return Buyer(party=party, stated_kind=stated, provenance={**provenance, **places})


def _tax_id(facts: Facts) -> tuple[str, tuple[str, Provenance | None]]:
    """Return the first of NIT, DUI, passport and resident card; else any foreign tax id that Stripe collected."""
    for kind, rule in TAX_ID_TYPES.items():
        found = pick(facts, FIELD_SOURCES[kind], rule)
        if found[0]:
            return kind, found
    foreign = tuple(name for place in TAX_IDS for name in facts if name.startswith(f"{place}.") and ".sv_" not in name)
    found = pick(facts, foreign)
    return ("other" if found[0] else ""), found
