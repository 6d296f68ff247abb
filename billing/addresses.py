"""The buyer's address: one address as it stands, completed only by one of the same country, and never mixed.

The country is that of the first source that names one. When that address has no street (a card knows only country and
postal code), the first later address of the same country that has one is used instead.
"""

from collections.abc import Callable, Mapping

from django.utils.translation import gettext_noop

from billing import places
from billing.texts import clean
from smartbill.drafts import Address, Provenance

ADDRESSES = (
    "tax_profile.address",
    "session.customer_details.address",
    "invoice.customer_address",
    "charge.billing_details.address",
    "customer.address",
)
HOME = "SV"
JOINED = gettext_noop("lines joined by a comma")
Facts = Mapping[str, str]
Noted = dict[str, Provenance]


def address_of(facts: Facts, *, profile: Callable[[str], tuple[str, ...]]) -> tuple[Address, Noted]:
    """Return the address with its provenance; `profile` names the facts of a key of the tax profile."""
    noted: Noted = {}
    source = _chosen(facts)
    values = {name: _field(facts, source, theirs, name, noted) for theirs, name in _PLAIN.items()}
    values["country"] = values["country"].upper()
    values["line"] = _street(facts, source, noted)
    if values["country"] in ("", HOME):
        values |= _catalogue_codes(facts, source, values["country"], profile, noted)
    return Address(**values), noted


_PLAIN = {"country": "country", "city": "city", "postal_code": "postal_code"}


def _chosen(facts: Facts) -> str:
    named = [place for place in ADDRESSES if f"{place}.country" in facts]
    if not named:
        return next((place for place in ADDRESSES if f"{place}.line1" in facts), ADDRESSES[0])
    country = facts[f"{named[0]}.country"].upper()
    same = [place for place in named if facts[f"{place}.country"].upper() == country]
    return next((place for place in same if f"{place}.line1" in facts), named[0])


def _field(facts: Facts, source: str, theirs: str, name: str, noted: Noted) -> str:
    raw = facts.get(f"{source}.{theirs}", "")
    value, rule = clean(raw)
    if value:
        noted[f"party.address.{name}"] = Provenance(source=f"{source}.{theirs}", raw=raw, rule=rule)
    return value


def _street(facts: Facts, source: str, noted: Noted) -> str:
    names = [f"{source}.{line}" for line in ("line1", "line2") if f"{source}.{line}" in facts]
    if not names:
        return ""
    raw = "\n".join(facts[name] for name in names)
    cleaned = [clean(facts[name]) for name in names]
    rules = [JOINED] if len(names) > 1 else []
    rules += [rule for _text, rule in cleaned if rule]
    noted["party.address.line"] = Provenance(source=" + ".join(names), raw=raw, rule=", ".join(rules))
    return ", ".join(text for text, _rule in cleaned)


def _catalogue_codes(
    facts: Facts, source: str, country: str, profile: Callable[[str], tuple[str, ...]], noted: Noted
) -> dict[str, str]:
    """Read codes from the tax profile; of an address in El Salvador also by the exact name of state and city.

    What the profile says is kept even where the catalogue does not know it, so that it is seen and mended.
    """
    found: dict[str, str] = {}
    at_home = country == HOME
    for name, theirs in (("department", "state"), ("municipality", "city"), ("district", "city")):
        sources = [(place, True) for place in profile(f"sv_{name}")]
        sources += [(f"{source}.{theirs}", False)] if at_home else []
        found[name] = _code(facts, name, sources, found.get("department", ""), noted)
    return found


def _code(facts: Facts, name: str, sources: list[tuple[str, bool]], department: str, noted: Noted) -> str:
    for place, stated in sources:
        if place not in facts:
            continue
        code, rule = _look_up(name, facts[place], department)
        value = code or (clean(facts[place])[0] if stated else "")
        if value:
            noted[f"party.address.{name}"] = Provenance(source=place, raw=facts[place], rule=rule)
            return value
    return ""


def _look_up(name: str, raw: str, department: str) -> tuple[str, str]:
    if name == "department":
        return places.department(raw)
    look_up = places.municipality if name == "municipality" else places.district
    return look_up(raw, within=department)
