import pytest

from billing.languages import language_of
from smartbill.drafts import Provenance


def language(facts, *, country="", default="es"):
    return language_of(facts, country=country, default=default)


def test_the_customers_own_wish_comes_first():
    facts = {"customer.preferred_locales.ro": "ro", "session.locale": "en"}
    assert language(facts, country="SV") == ("ro", Provenance(source="customer.preferred_locales", raw="ro"))


def test_a_wish_we_cannot_fulfil_is_passed_over():
    facts = {"customer.preferred_locales.fr": "fr", "customer.preferred_locales.en-GB": "en-GB"}
    found, origin = language(facts)
    assert (found, origin.raw, origin.rule) == ("en", "en-GB", "language of the locale")


@pytest.mark.parametrize(("locale", "expected"), [("es-419", "es"), ("en", "en"), ("ro", "ro")])
def test_the_checkout_comes_second(locale, expected):
    assert language({"session.locale": locale}, country="US", default="es")[0] == expected


@pytest.mark.parametrize(
    ("country", "expected"), [("SV", "es"), ("US", "en"), ("RO", "ro"), ("MD", "ro"), ("FR", "en")]
)
def test_the_country_comes_third_and_the_issuer_last(country, expected):
    assert language({"session.locale": "auto"}, country=country, default="en")[0] == expected


def test_the_language_of_the_tax_profile_outranks_every_other_wish():
    facts = {"tax_profile.language": "ro", "customer.preferred_locales.es": "es", "session.locale": "en"}
    language, origin = language_of(facts, country="SV", default="es")
    assert (language, origin.source) == ("ro", "tax_profile.language")
