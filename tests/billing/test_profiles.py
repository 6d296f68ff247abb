from billing.parties import buyer_from
from billing.profiles import NOBODY, Entry, Profile, facts_with, provenance_with
from smartbill.drafts import Provenance


def said(source="staff", **values):
    return Profile(entries={name: Entry(value=raw, raw=raw, source=source) for name, raw in values.items()}, version=3)


def buyer(facts, profile):
    return buyer_from(facts_with(facts, profile))


STRIPE = {
    "invoice.metadata.legal_name": "Old, S.A.",
    "customer.metadata.sv_nit": "06140101900018",
    "customer.metadata.sv_nrc": "1234",
    "customer.tax_ids.eu_vat": "ES B-12345678",
    "session.custom_fields.svdui": "01234567-8",
    "session.customer_details.email": "old@example.com",
    "session.customer_details.address.country": "US",
    "session.customer_details.address.line1": "Elm Street 1",
}


def test_nothing_said_changes_nothing():
    assert facts_with(STRIPE, NOBODY) == STRIPE
    assert provenance_with({}, NOBODY) == {}


def test_what_people_said_outranks_everything_stripe_says():
    party = buyer(STRIPE, said(legal_name="New, S.A.", email="new@example.com", nrc="99")).party
    assert (party.name, party.email, party.nrc) == ("New, S.A.", "new@example.com", "99")
    assert party.tax_id == "06140101900018"


def test_an_address_is_taken_as_a_whole():
    party = buyer(STRIPE, said(country="SV", line="Calle Arce 1", department="06", municipality="23")).party
    assert (party.address.country, party.address.line) == ("SV", "Calle Arce 1")
    assert (party.address.department, party.address.municipality) == ("06", "23")


def test_a_number_that_is_given_silences_every_other_number():
    party = buyer(STRIPE, said(passport="A1234567")).party
    assert (party.tax_id_type, party.tax_id, party.nrc) == ("passport", "A1234567", "")


def test_a_consumer_prints_no_number_but_the_one_they_give():
    party = buyer(STRIPE | {"customer.metadata.sv_activity_code": "47300"}, said(kind="consumer")).party
    assert (party.tax_id, party.tax_id_type, party.nrc, party.activity_code) == ("", "", "", "")
    party = buyer(STRIPE, said(kind="consumer", dui="012345678", nrc="1234")).party
    assert (party.tax_id_type, party.tax_id, party.nrc) == ("dui", "012345678", "")


def test_the_kind_of_buyer_is_the_stated_kind_of_document():
    assert buyer({}, said(kind="company")).stated_kind == "company"


def test_the_text_of_the_activity_is_the_catalogues():
    party = buyer({"customer.metadata.sv_activity": "hardware"}, said(activity_code="47300")).party
    assert party.activity_code == "47300"
    assert party.activity_text != "hardware"
    assert len(party.activity_text) > 5


def test_another_document_is_a_foreign_number():
    party = buyer({}, said(other_id="B-12345678")).party
    assert (party.tax_id_type, party.tax_id) == ("other", "B-12345678")


def test_the_provenance_says_who_said_it_and_in_which_version():
    profile = said("customer", nit="06140101900018", line="Calle Arce 1", country="SV")
    found = provenance_with(buyer({}, profile).provenance, profile)
    assert found["party.tax_id"] == Provenance(
        source="tax_profile.sv_nit", raw="06140101900018", rule="entered by the customer"
    )
    assert found["party.address.line"].source == "tax_profile.address.line1"
    assert found["tax_profile"] == Provenance(source="tax_profile.version", raw="3")


def test_what_stripe_said_keeps_its_provenance():
    profile = said(segment="vip")
    found = provenance_with(buyer(STRIPE, profile).provenance, profile)
    assert found["party.name"] == Provenance(source="invoice.metadata.legal_name", raw="Old, S.A.")


def test_hostile_text_survives_unchanged():
    hostile = "<script>alert('x')</script> =HYPERLINK(\"http://x\") {{ 7*7 }} \u202eevil"
    assert buyer({}, said(legal_name=hostile)).party.name == hostile
