"""What people said about a buyer, as facts for the buyer's data: staff, the customer through a link, or an import.

A tax profile comes first in the published order of `billing/parties.py`. One field has one entry: who spoke last is
kept in it, and who spoke before stands in the history.

| what the profile says | what it silences |
|---|---|
| any tax id, or that the buyer is a consumer or abroad | every tax id and NRC from anywhere else |
| that the buyer is a consumer | an NRC, and the economic activity |
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext_noop

from billing.profile_fields import FIELDS, TAX_ID_FIELDS
from smartbill.drafts import Provenance
from smartbill.providers.el_salvador.catalogues import ACTIVITIES, catalogue

Facts = Mapping[str, str]
STAFF, CUSTOMER, IMPORT = "staff", "customer", "import"
SAID_BY: Mapping[str, str] = {
    STAFF: gettext_noop("entered by staff"),
    CUSTOMER: gettext_noop("entered by the customer"),
    IMPORT: gettext_noop("imported from a file"),
}
PLACE = "tax_profile"
ACTIVITY_TEXT = f"{PLACE}.sv_activity"
_IDENTITY = tuple(f".{key}" for name in ("sv_nit", "sv_dui", "sv_passport", "sv_resident_card", "sv_nrc")
                  for key in (name, name.replace("_", "")))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One field as somebody gave it. `check` is a key of `billing.profile_checks.CHECKS`, `at` an ISO time.

    `confirmed` says who stands by a value whose check raised a doubt; empty where nobody was asked.
    """

    value: str
    raw: str
    source: str
    rule: str = ""
    check: str = ""
    at: str = ""
    confirmed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The entries by name of field, as they were at one version; 0 means that nobody has said anything."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    version: int = 0

    def value(self, name: str) -> str:
        """Return the value of a field, empty when nobody has given it."""
        entry = self.entries.get(name)
        return entry.value if entry else ""

    @property
    def confirmed(self) -> frozenset[str]:
        """The values by which somebody stands although a check raised a doubt."""
        return frozenset(entry.value for entry in self.entries.values() if entry.confirmed)

    @property
    def values(self) -> dict[str, str]:
        return {name: entry.value for name, entry in self.entries.items()}

    def with_values(self, values: Mapping[str, Entry | None]) -> "Profile":
        """Return the profile with these entries set, or removed where they are None."""
        merged = {**self.entries, **{name: entry for name, entry in values.items() if entry is not None}}
        removed = {name for name, entry in values.items() if entry is None}
        return replace(self, entries={name: entry for name, entry in merged.items() if name not in removed})


NOBODY = Profile()


def facts_with(facts: Facts, profile: Profile) -> dict[str, str]:
    """Return all facts about a buyer: what the profile says, and of the rest what it does not silence."""
    said = _said(profile)
    kind = profile.value("kind")
    if kind in ("consumer", "foreign") or any(profile.value(name) for name in TAX_ID_FIELDS):
        facts = {name: raw for name, raw in facts.items() if not _identifies(name)}
    if kind == "consumer":
        said.pop(FIELDS["nrc"].fact, None)
        facts = {name: raw for name, raw in facts.items() if "activity" not in name}
    return {**facts, **said}


def _said(profile: Profile) -> dict[str, str]:
    said = {FIELDS[name].fact: entry.raw for name, entry in profile.entries.items() if FIELDS[name].fact}
    for name in ("department", "municipality", "district"):
        # The catalogue's code: a name is looked up once, when it is entered.
        if name in profile.entries:
            said[FIELDS[name].fact] = profile.entries[name].value
    if text := catalogue(ACTIVITIES).get(profile.value("activity_code")):
        said[ACTIVITY_TEXT] = text
    return said


def _identifies(name: str) -> bool:
    return ".tax_ids." in name or name.endswith(_IDENTITY)


def provenance_with(provenance: Mapping[str, Provenance], profile: Profile) -> dict[str, Provenance]:
    """Return the provenance with the version of the profile, and a word on who said what came from it."""
    version = {PLACE: Provenance(source=f"{PLACE}.version", raw=str(profile.version))} if profile.version else {}
    return {path: _spoken(origin, profile) for path, origin in provenance.items()} | version


def _spoken(origin: Provenance, profile: Profile) -> Provenance:
    if not origin.source.startswith(f"{PLACE}."):
        return origin
    name = next((name for name, field in FIELDS.items() if field.fact and field.fact in origin.source), "activity_code")
    entry = profile.entries.get(name)
    words = [origin.rule, SAID_BY[entry.source]] if entry else [origin.rule]
    return replace(origin, rule=", ".join(filter(None, words)))
