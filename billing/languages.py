"""The language in which the buyer is addressed: their own wish, else that of their country, else the issuer's."""

import json
from collections.abc import Mapping
from pathlib import Path

from django.utils.translation import gettext_noop

from smartbill.drafts import Provenance

_TABLE: dict[str, list[str]] = json.loads((Path(__file__).parent / "data" / "languages.json").read_text("utf-8"))[
    "languages"
]
LANGUAGES = frozenset(_TABLE)
PROFILE = "tax_profile.language"
LOCALES = "customer.preferred_locales."
LANGUAGE_OF_LOCALE = gettext_noop("language of the locale")
LANGUAGE_OF_COUNTRY = gettext_noop("language of the country")


def language_of(facts: Mapping[str, str], *, country: str, default: str) -> tuple[str, Provenance]:
    """Return one of our languages: of profile, preferred locales, checkout, country, issuer, in that order."""
    wishes = [name for name in facts if name.startswith(LOCALES)]
    for name in (PROFILE, *wishes, "session.locale"):
        raw = facts.get(name, "")
        language = raw.replace("_", "-").split("-")[0].lower()
        if language in LANGUAGES:
            source = "customer.preferred_locales" if name in wishes else name
            rule = LANGUAGE_OF_LOCALE if language != raw else ""
            return language, Provenance(source=source, raw=raw, rule=rule)
    for language, countries in _TABLE.items():
        if country in countries:
            return language, Provenance(source="party.address.country", raw=country, rule=LANGUAGE_OF_COUNTRY)
    return default, Provenance(source="issuer.language", raw=default)
