import pytest

from billing.addresses import address_of
from billing.parties import profile
from smartbill.drafts import Address, Provenance


def address(facts):
    return address_of(facts, profile=profile)


def test_the_first_country_decides_and_its_address_is_taken_whole():
    found, noted = address(
        {
            "session.customer_details.address.country": "sv",
            "session.customer_details.address.line1": "Calle Arce 100",
            "session.customer_details.address.line2": "Local 2",
            "customer.address.country": "US",
            "customer.address.line1": "1 Main St",
            "customer.address.city": "Austin",
        }
    )
    assert found == Address(country="SV", line="Calle Arce 100, Local 2")
    assert noted["party.address.line"] == Provenance(
        source="session.customer_details.address.line1 + session.customer_details.address.line2",
        raw="Calle Arce 100\nLocal 2",
        rule="lines joined by a comma",
    )


def test_an_address_without_street_gives_way_to_one_of_the_same_country():
    found, _noted = address(
        {
            "session.customer_details.address.country": "SV",
            "charge.billing_details.address.country": "US",
            "charge.billing_details.address.line1": "1 Main St",
            "customer.address.country": "SV",
            "customer.address.line1": "Calle Arce 100",
        }
    )
    assert found == Address(country="SV", line="Calle Arce 100")


def test_streets_of_another_country_are_not_borrowed():
    found, _noted = address(
        {
            "session.customer_details.address.country": "SV",
            "customer.address.country": "US",
            "customer.address.line1": "1 Main St",
        }
    )
    assert found == Address(country="SV")


def test_codes_follow_from_exact_names_at_home():
    found, noted = address(
        {
            "customer.address.country": "SV",
            "customer.address.line1": "x",
            "customer.address.state": "La Libertad",
            "customer.address.city": "La Libertad Este",
        }
    )
    assert (found.department, found.municipality, found.district) == ("05", "26", "")
    assert noted["party.address.municipality"].source == "customer.address.city"


@pytest.mark.parametrize("state", ["Somewhere", "San Salvado"])
def test_no_code_is_guessed_from_a_likeness(state):
    found, noted = address({"customer.address.country": "SV", "customer.address.state": state})
    assert found.department == ""
    assert set(noted) == {"party.address.country"}


def test_what_the_profile_says_is_kept_although_no_catalogue_knows_it():
    found, _noted = address({"customer.metadata.sv_department": "99"})
    assert found.department == "99"


def test_a_foreign_address_gets_no_codes():
    found, _noted = address(
        {
            "customer.address.country": "US",
            "customer.address.state": "San Salvador",
            "customer.metadata.sv_department": "06",
        }
    )
    assert found == Address(country="US")


def test_nothing_known_is_an_empty_address():
    assert address({}) == (Address(), {})
