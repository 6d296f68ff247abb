import pytest

from billing.parties import buyer_from
from smartbill.drafts import Address, Provenance


def test_what_is_said_for_this_purchase_wins_over_the_customer():
    facts = {
        "customer.metadata.legal_name": "Old, S.A.",
        "customer.name": "Ana",
        "session.custom_fields.legalname": "Typed, S.A.",
        "payment_intent.metadata.legal_name": "Intent, S.A.",
        "session.metadata.legal_name": "Session, S.A.",
        "invoice.metadata.legal_name": "Invoice, S.A.",
    }
    expected = ["Invoice, S.A.", "Session, S.A.", "Intent, S.A.", "Old, S.A.", "Typed, S.A.", "Ana"]
    order = [
        "invoice.metadata.legal_name",
        "session.metadata.legal_name",
        "payment_intent.metadata.legal_name",
        "customer.metadata.legal_name",
        "session.custom_fields.legalname",
        "customer.name",
    ]
    for name, source in zip(expected, order, strict=True):
        buyer = buyer_from(facts)
        assert (buyer.party.name, buyer.provenance["party.name"].source) == (name, source)
        del facts[source]
    assert buyer_from(facts).party.name == ""
    assert buyer_from(facts).provenance == {}


def test_collected_data_win_over_the_customer_as_it_is_now():
    facts = {
        "customer.email": "now@example.com",
        "charge.billing_details.email": "card@example.com",
        "invoice.customer_email": "invoice@example.com",
        "session.customer_details.email": "checkout@example.com",
    }
    for source in [
        "session.customer_details.email",
        "invoice.customer_email",
        "charge.billing_details.email",
        "customer.email",
    ]:
        assert buyer_from(facts).party.email == facts.pop(source)


def test_the_name_of_a_business_wins_over_that_of_the_person_in_the_same_place():
    facts = {"session.customer_details.name": "Ana", "session.customer_details.business_name": "Acme, S.A."}
    assert buyer_from(facts).party.name == "Acme, S.A."


@pytest.mark.parametrize(
    "source", ["customer.metadata.sv_nit", "session.custom_fields.svnit", "customer.tax_ids.sv_nit"]
)
def test_a_nit_is_kept_as_digits_with_its_raw_text(source):
    buyer = buyer_from({source: "0614-010190-001-4"})
    assert (buyer.party.tax_id_type, buyer.party.tax_id) == ("nit", "06140101900014")
    assert buyer.provenance["party.tax_id"] == Provenance(source=source, raw="0614-010190-001-4", rule="digits only")


def test_a_nit_without_any_digit_is_no_nit():
    buyer = buyer_from({"customer.metadata.sv_nit": "no tengo", "customer.metadata.sv_dui": "01234567-8"})
    assert (buyer.party.tax_id_type, buyer.party.tax_id) == ("dui", "012345678")


def test_a_foreign_tax_id_is_another_document():
    buyer = buyer_from({"invoice.customer_tax_ids.eu_vat": "ES B-12345678"})
    assert (buyer.party.tax_id_type, buyer.party.tax_id) == ("other", "ES B-12345678")
    assert buyer.provenance["party.tax_id"].source == "invoice.customer_tax_ids.eu_vat"


def test_hostile_text_survives_unchanged():
    hostile = "<script>alert('x')</script> =HYPERLINK(\"http://x\") '; DROP TABLE -- {{ 7*7 }} \u202eevil"
    assert buyer_from({"customer.name": hostile}).party.name == hostile
    assert buyer_from({"customer.name": hostile}).provenance["party.name"].rule == ""


def test_control_characters_and_spelling_are_changed_and_noted():
    buyer = buyer_from({"customer.name": " Jose\u0301\u0007\nLo\u0301pez\u2400 "})
    assert buyer.party.name == "José López"
    assert buyer.provenance["party.name"].rule == "control characters removed, Unicode NFC, blanks at the ends removed"


def test_a_whole_tax_profile():
    profile = {
        "legal_name": "Ñandú, S.A. de C.V.",
        "sv_nit": "06140000000014",
        "sv_nrc": "12345-6",
        "sv_activity_code": "47300",
        "sv_activity": "Ferretería",
        "sv_department": "San Salvador",
        "sv_municipality": "San Salvador Centro",
        "sv_district": "14",
        "document_kind": "ccf",
    }
    facts = {f"customer.metadata.{key}": value for key, value in profile.items()}
    facts |= {"invoice.customer_address.country": "SV", "invoice.customer_address.line1": "Calle Arce 100"}
    buyer = buyer_from(facts)
    assert buyer.stated_kind == "ccf"
    assert (buyer.party.nrc, buyer.party.activity_code, buyer.party.activity_text) == ("123456", "47300", "Ferretería")
    assert buyer.party.address == Address(
        country="SV", line="Calle Arce 100", department="06", municipality="23", district="14"
    )
    assert buyer.provenance["party.address.department"] == Provenance(
        source="customer.metadata.sv_department", raw="San Salvador", rule="the catalogue's code for this name"
    )
