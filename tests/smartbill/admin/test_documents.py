from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from smartbill.lifecycle import Kind, Status
from tests.factories.documents import make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/document/"


@pytest.fixture
def client() -> Client:
    return signed_in("smartbill.view_document")


def found(client: Client, **query: str) -> set[int]:
    return {row.pk for row in client.get(LIST, query).context["cl"].result_list}


def cells(client: Client) -> str:
    page: str = client.get(LIST).content.decode()
    return page[page.index("<tbody>") : page.index("</tbody>")]


def test_a_row_says_state_customer_amount_and_mode(client: Client) -> None:
    make_document(Status.STAMPED, customer_tax_id="06140000000014", total=Decimal("1248.5"), kind=Kind.CCF)
    row = cells(client)
    for text in (
        'class="badge badge-good"',
        ">Stamped</span>",
        'Ana López<span class="sub">06140000000014</span>',
        'class="field-amount">1,248.50 USD</td>',
        '<span title="Comprobante de crédito fiscal">CCF</span>',
        '<span class="badge badge-test" title="">TEST</span>',
    ):
        assert text in row


@pytest.mark.parametrize("status", Status.values)
def test_every_state_has_a_badge_and_a_page(client: Client, status: str) -> None:
    document = make_document(status)
    assert str(Status(status).label) in cells(client)
    page = client.get(f"{LIST}{document.pk}/change/")
    assert page.status_code == 200
    assert str(document.stage.meaning) in page.content.decode().replace("&#x27;", "'")


def test_the_number_of_queries_does_not_grow_with_the_rows(client: Client, django_assert_num_queries: Any) -> None:
    issuer = IssuerFactory.create()
    make_document(issuer=issuer)
    client.get(LIST)
    with django_assert_num_queries(7) as with_one:
        client.get(LIST)
    for _row in range(99):
        make_document(issuer=issuer)
    with django_assert_num_queries(len(with_one)):
        assert len(client.get(LIST).context["cl"].result_list) == 100


def test_no_query_of_the_list_counts_or_compares_all_rows(client: Client, django_assert_max_num_queries: Any) -> None:
    make_document()
    with django_assert_max_num_queries(7) as seen:
        client.get(LIST, {"q": "ana", "status__exact": "stamped", "kind__exact": "factura", "period": "year"})
    statements = [query["sql"] for query in seen if '"smartbill_document"' in query["sql"]]
    assert [sql for sql in statements if "COUNT(" in sql and "LIMIT 10001" not in sql] == []
    assert not any("DISTINCT" in sql for sql in statements)


@pytest.mark.parametrize(
    "column", ["reference", "generation_code", "control_number", "customer_tax_id", "customer_reference"]
)
def test_a_document_is_found_by_each_of_its_identifiers(client: Client, column: str) -> None:
    wanted = make_document(customer_tax_id="06140000000014", customer_reference="cus_1")
    make_document(customer_tax_id="06140000000022", customer_reference="cus_2")
    assert found(client, q=f" {getattr(wanted, column)} ") == {wanted.pk}


def test_a_document_is_found_by_sale_name_address_and_amount(client: Client) -> None:
    wanted = make_document(
        source="invoice:in_Q1", customer_name="Café Ñandú", customer_email="cafe@example.com", total=Decimal("77.10")
    )
    make_document(customer_name="Other", customer_email="other@example.com")
    for term in ("in_Q1", "Ñandú", "cafe@", "77.10"):
        assert found(client, q=term) == {wanted.pk}


def test_ten_letters_that_are_no_reference_are_a_name(client: Client) -> None:
    wanted = make_document(customer_name="CAFETALERA SV", reference="2222222222")
    assert found(client, q="CAFETALERA") == {wanted.pk}


def test_one_character_finds_nothing(client: Client) -> None:
    make_document()
    assert found(client, q="A") == set()


def test_the_list_is_filtered_by_choices(client: Client) -> None:
    held = make_document(Status.HELD, kind=Kind.CCF)
    live = make_document(livemode=True)
    different = make_document(difference="The totals differ.")
    assert found(client, status__exact="held") == {held.pk}
    assert found(client, kind__exact="ccf") == {held.pk}
    assert found(client, livemode__exact="1") == {live.pk}
    assert found(client, problem="different") == {different.pk}
    assert found(client, period="last_month") == set()
    assert found(client, period="today") == {held.pk, live.pk, different.pk}


@pytest.mark.parametrize("query", ["status__exact=nonsense", "problem=nonsense", "p=999", "o=99", "total__gt=1"])
def test_a_nonsensical_address_breaks_nothing(client: Client, query: str) -> None:
    make_document()
    assert client.get(f"{LIST}?{query}").status_code in (200, 302)


@pytest.mark.parametrize("address", ["", "1/change/", "add/", "1/delete/", "1/history/"])
def test_the_pages_are_closed_to_strangers_and_to_other_rights(address: str) -> None:
    make_document(pk=1)
    assert Client().get(f"{LIST}{address}")["Location"].startswith("/account/login/")
    assert signed_in("smartbill.view_issuer").get(f"{LIST}{address}").status_code == 403


def test_nobody_adds_changes_or_deletes_a_document() -> None:
    document = make_document()
    client = signed_in(is_superuser=True)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}{document.pk}/delete/").status_code == 403
    assert client.post(f"{LIST}{document.pk}/change/", {"total": "1"}).status_code == 403
    document.refresh_from_db()
    assert document.total == Decimal("113")


def test_what_a_customer_typed_stays_text_everywhere(client: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    document = make_document(
        Status.REJECTED, customer_name=hostile, customer_email=hostile, reason=hostile, customer_tax_id="<i>1</i>"
    )
    for page in (client.get(LIST), client.get(f"{LIST}{document.pk}/change/"), client.get(LIST, {"q": hostile})):
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "<i>1" not in text
