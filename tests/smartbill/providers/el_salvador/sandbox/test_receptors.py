from decimal import Decimal

import pytest

from smartbill.providers.el_salvador.sandbox.validation import Strictness, read_order

from .payloads import (
    ABROAD,
    ADDRESS,
    COMPANY,
    PERSON,
    V2,
    ccf,
    factura,
    fex,
    refused,
    without,
)


@pytest.mark.parametrize(
    ("receptor", "name", "document_type"),
    [
        ("Others", "Clientes varios", None),
        (PERSON, "Ana Pérez", "13"),
        (PERSON | {"documentType": "nit", "identification": "06140000000026"}, "Ana Pérez", "36"),
        (PERSON | {"documentType": "pasaporte", "identification": "A1234567"}, "Ana Pérez", "03"),
        (PERSON | {"documentType": "carnetResidente", "identification": "R-77"}, "Ana Pérez", "02"),
        (PERSON | {"documentType": "otro", "identification": "X"}, "Ana Pérez", "37"),
        (PERSON | {"email": None, "address": None, "phone": "2222 0000", "comercialName": "Ana"}, "Ana Pérez", "13"),
    ],
)
def test_every_kind_of_consumer_may_stand_on_a_factura(receptor, name, document_type):
    receiver = read_order("factura", factura(receptor=receptor), V2).receiver
    assert (receiver.name, receiver.document_type) == (name, document_type)


def test_what_a_fex_leaves_out_is_filled():
    body = fex(receptor={"countryCode": "GT", "name": "Foo", "email": "foo@example.com"})
    del body["payments"], body["paymentCondition"]
    order = read_order("fex", body, V2)
    assert (order.receiver.document_type, order.receiver.identification) == ("37", "0123456789")
    assert [(pay.method, pay.amount) for pay in order.payments] == [("01", Decimal("100.00"))]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"documentType": None}, "documentType"),
        ({"documentType": "passport"}, "documentType"),
        ({"identification": "99999999-4"}, "identification"),
        ({"identification": "99999999"}, "identification"),
        ({"identification": 999999994}, "identification"),
        ({"documentType": "nit"}, "identification"),
        ({"documentType": "otro", "identification": "x" * 26}, "identification"),
        ({"name": ""}, "name"),
        ({"name": "x" * 151}, "name"),
        ({"email": "ana@localhost"}, "email"),
        ({"email": "ana example.com"}, "email"),
        ({"email": "a" * 90 + "@example.com"}, "email"),
        ({"phone": "1234567"}, "phone"),
        ({"phone": "1" * 31}, "phone"),
        ({"comercialName": "x" * 151}, "comercialName"),
        ({"nrc": "9999992"}, "nrc"),
        ({"countryCode": "US"}, "countryCode"),
        ({"address": "San Salvador"}, "address"),
        ({"address": ADDRESS | {"departament": "15"}}, "address.departament"),
        ({"address": ADDRESS | {"departament": 6}}, "address.departament"),
        ({"address": ADDRESS | {"town": "14"}}, "address.town"),
        ({"address": ADDRESS | {"town": "9"}}, "address.town"),
        ({"address": ADDRESS | {"district": "99"}}, "address.district"),
        ({"address": ADDRESS | {"details": "Casa"}}, "address.details"),
        ({"address": ADDRESS | {"details": "x" * 201}}, "address.details"),
        ({"address": ADDRESS | {"municipality": "23"}}, "address.municipality"),
        ({"address": without(ADDRESS, "details")}, "address.details"),
    ],
)
def test_a_wrong_consumer_names_the_field(changes, field):
    assert refused("factura", factura(receptor=PERSON | changes)) == [f"receptor.{field}"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nit": "0614000000002"}, "nit"),
        ({"nit": "0614-000000-002-6"}, "nit"),
        ({"nrc": None}, "nrc"),
        ({"nrc": "9"}, "nrc"),
        ({"nrc": "123456-7"}, "nrc"),
        ({"nrc": "123456789"}, "nrc"),
        ({"name": None}, "name"),
        ({"activityCode": "99999"}, "activityCode"),
        ({"activityCode": 62010}, "activityCode"),
        ({"activityDescription": "Soft"}, "activityDescription"),
        ({"activityDescription": "x" * 151}, "activityDescription"),
        ({"email": None}, "email"),
        ({"address": None}, "address"),
        ({"address": ADDRESS | {"departament": "00", "town": "00", "district": None}}, "address.departament"),
        ({"documentType": "nit"}, "documentType"),
    ],
)
def test_a_wrong_company_names_the_field(changes, field):
    assert refused("ccf", ccf(receptor=COMPANY | changes)) == [f"receptor.{field}"]


def test_a_ccf_is_never_for_others():
    assert refused("ccf", ccf(receptor="Others")) == ["receptor"]


def test_nine_digits_serve_as_the_nit_of_a_company():
    assert read_order("ccf", ccf(receptor=COMPANY | {"nit": "999999994"}), V2).receiver.identification == "999999994"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"countryCode": "SV"}, "countryCode"),
        ({"countryCode": "XX"}, "countryCode"),
        ({"countryCode": "9450"}, "countryCode"),
        ({"countryCode": None}, "countryCode"),
        ({"name": None}, "name"),
        ({"name": "x" * 151}, "name"),
        ({"email": None}, "email"),
        ({"documentType": "dui", "identification": "1234"}, "identification"),
        ({"documentType": "dui"}, "identification"),
        ({"identification": "x" * 26}, "identification"),
        ({"personType": "legal"}, "personType"),
        ({"activityDescription": "Soft"}, "activityDescription"),
        ({"address": ADDRESS}, "address.departament"),
        ({"address": {}}, "address.details"),
    ],
)
def test_a_wrong_foreigner_names_the_field(changes, field):
    assert f"receptor.{field}" in refused("fex", fex(receptor=ABROAD | changes))


def test_a_district_can_be_demanded():
    body = ccf(receptor=COMPANY | {"address": without(ADDRESS, "district")})
    assert read_order("ccf", body, V2).receiver.place.district == ""
    strict = Strictness(generation="v2", district_required=True)
    assert refused("ccf", body, strict) == ["receptor.address.district"]
