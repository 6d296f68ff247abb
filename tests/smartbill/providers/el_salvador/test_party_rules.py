"""What each kind of document demands of its buyer."""

from dataclasses import replace

import pytest
from django.test import override_settings

from smartbill.drafts import Address, Party
from tests.smartbill.providers.el_salvador.builders import (
    COMPANY,
    CONSUMER,
    FOREIGNER,
    codes,
    line,
    only,
    sale,
)

NAMED = replace(CONSUMER, tax_id="00000000-0", tax_id_type="dui")


def test_a_consumer_need_not_say_who_they_are() -> None:
    assert codes(sale(party=Party())) == []
    assert codes(sale(line("25000.00"), party=Party())) == [], "the law's amounts are rows of their own"


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("nit", "06140000000026", []),
        ("nit", "0614-000000-002-6", []),
        ("nit", "000000000", []),
        ("nit", "0614000000002", ["nit"]),
        ("nit", "0614000000002X", ["nit"]),
        ("nit", "٠٦١٤٠٠٠٠٠٠٠٠٢٦", ["nit"]),
        ("dui", "00000000-0", []),
        ("dui", "0000000000", ["dui"]),
        ("dui", "06140000000026", ["dui"]),
        ("passport", "A1234567", []),
        ("passport", "A" * 21, ["wrong_length"]),
        ("other", "AB", ["wrong_length"]),
        ("resident_card", "RC-1", []),
        ("", "06140000000026", ["document_type"]),
        ("vat", "X1", ["document_type"]),
    ],
)
def test_identity_documents_have_their_forms(kind: str, number: str, expected: list[str]) -> None:
    assert codes(sale(party=replace(CONSUMER, tax_id=number, tax_id_type=kind))) == expected


def test_an_identified_consumer_has_a_name() -> None:
    problem = only(sale(party=replace(NAMED, name="  ")))
    assert (problem.field, problem.code) == ("party.name", "missing")


def test_check_digits_block_only_where_they_are_switched_on() -> None:
    wrong_nit, wrong_dui = (
        replace(NAMED, tax_id="06140000000027", tax_id_type="nit"),
        replace(NAMED, tax_id="000000001"),
    )
    assert codes(sale(party=wrong_nit)) == codes(sale(party=wrong_dui)) == []
    with override_settings(SMARTBILL_SV_CONTRACT={"check.nit": "block", "check.dui": "block"}):
        assert codes(sale(party=wrong_nit)) == ["nit_check_digit"]
        assert codes(sale(party=wrong_dui)) == ["dui_check_digit"]
        assert codes(sale(party=replace(wrong_nit, tax_id="06140000000026"))) == []
        assert codes(sale(party=replace(wrong_dui, tax_id="00016297-5"))) == []


def test_an_incomplete_address_of_a_consumer_is_no_problem_but_a_wrong_one_is() -> None:
    wrong = Address(country="SV", department="06", municipality="28", line="Calle Arce 100")
    assert codes(sale(party=replace(NAMED, address=replace(wrong, line="")))) == []
    assert codes(sale(party=replace(NAMED, address=wrong))) == ["municipality"]
    assert codes(sale(party=wrong_department(wrong))) == ["department"]


def wrong_department(address: Address) -> Party:
    return replace(NAMED, address=replace(address, department="15"))


def test_a_consumer_may_live_abroad() -> None:
    abroad = Address(country="US", department="00", municipality="00", line="1 Test Street")
    assert codes(sale(party=replace(NAMED, address=abroad))) == []


def test_an_address_that_is_not_sent_is_not_judged() -> None:
    party = replace(NAMED, email="nonsense")
    assert codes(sale(party=party)) == []
    assert codes(sale(party=party), mails_customer=True) == ["email"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("tax_id", "", "nit"),
        ("tax_id", "0614000000", "nit"),
        ("nrc", "", "missing"),
        ("nrc", "1", "nrc"),
        ("nrc", "123456789", "nrc"),
        ("nrc", "12A456", "nrc"),
        ("name", "", "missing"),
        ("name", "x" * 151, "wrong_length"),
        ("name", "Acme\u0000", "unprintable"),
        ("commercial_name", "x" * 151, "wrong_length"),
        ("activity_code", "", "activity"),
        ("activity_code", "99999", "activity"),
        ("activity_text", "TI", "wrong_length"),
        ("email", "", "missing"),
        ("email", "pagos@nandu", "email"),
        ("email", "pagos@localhost", "email"),
        ("email", "pagos nandu@example.com", "email"),
        ("email", "x" * 90 + "@example.com", "email"),
        ("phone", "2222", "wrong_length"),
        ("phone", "2" * 31, "wrong_length"),
    ],
)
def test_a_ccf_demands_the_whole_profile(field: str, value: str, code: str) -> None:
    problem = only(sale(kind="ccf", party=replace(COMPANY, **{field: value})))
    assert (problem.field, problem.code) == (f"party.{field}", code)


def test_a_dui_may_serve_as_nit_of_a_ccf() -> None:
    assert codes(sale(kind="ccf", party=replace(COMPANY, tax_id="00000000-0"))) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"department": ""}, "department"),
        ({"department": "15"}, "department"),
        ({"department": "00", "municipality": "00"}, "department"),
        ({"municipality": ""}, "municipality"),
        ({"municipality": "28"}, "municipality"),
        ({"line": ""}, "missing"),
        ({"line": "C/ 1"}, "wrong_length"),
        ({"line": "x" * 201}, "wrong_length"),
    ],
)
def test_a_ccf_demands_an_address_of_the_catalogue(change: dict[str, str], code: str) -> None:
    party = replace(COMPANY, address=replace(COMPANY.address, **change))
    assert codes(sale(kind="ccf", party=party)) == [code]


def test_a_district_is_demanded_only_where_it_is_sent() -> None:
    party = replace(COMPANY, address=replace(COMPANY.address, district="99"))
    assert codes(sale(kind="ccf", party=party)) == []
    with override_settings(SMARTBILL_SV_CONTRACT={"address.send_district": True}):
        assert codes(sale(kind="ccf", party=party)) == ["district"]
        assert codes(sale(kind="ccf")) == []


@pytest.mark.parametrize(
    ("country", "expected"),
    [("US", []), ("us", []), ("RO", []), ("SV", ["export_at_home"]), ("", ["country"]), ("XX", ["country"])],
)
def test_an_export_goes_to_a_country_of_the_catalogue_and_not_home(country: str, expected: list[str]) -> None:
    party = replace(FOREIGNER, address=replace(FOREIGNER.address, country=country))
    assert codes(sale(kind="export", party=party)) == expected


def test_an_export_names_its_buyer() -> None:
    assert codes(sale(kind="export", party=replace(FOREIGNER, name=""))) == ["missing"]
    assert codes(sale(kind="export", party=replace(FOREIGNER, person_type="robot"))) == ["person_type"]


def test_the_identity_of_a_foreign_buyer_is_demanded_only_by_contract() -> None:
    wrong = replace(FOREIGNER, tax_id="1" * 21, tax_id_type="other")
    assert codes(sale(kind="export", party=wrong)) == ["wrong_length"]
    assert codes(sale(kind="export")) == []
    with override_settings(SMARTBILL_SV_CONTRACT={"export.identification_required": True}):
        assert codes(sale(kind="export")) == ["document_type"]


@pytest.mark.parametrize("change", [{}, {"regime": ""}, {"incoterms": "99"}, {"port": "1"}])
def test_customs_data_that_are_incomplete_or_unknown_do_not_count(change: dict[str, str]) -> None:
    customs = {"fiscalPrecinct": "01", "regimeType": "EX-1", "regime": "1000.000", "incoterms": "09"}
    customs = {**customs, **change} if change else {}
    with override_settings(SMARTBILL_SV_CONTRACT={"export.customs": customs}):
        assert codes(sale(line("10.00", unit="unit"), kind="export")) == ["customs_missing"]


def test_goods_are_exported_only_with_customs_data() -> None:
    draft = sale(line("10.00", unit="unit"), kind="export")
    assert codes(draft) == ["customs_missing"]
    customs = {"fiscalPrecinct": "01", "regimeType": "EX-1", "regime": "1000.000", "incoterms": "09"}
    with override_settings(SMARTBILL_SV_CONTRACT={"export.customs": customs}):
        assert codes(draft) == []
