"""What searches of the lists cost: one lookup by an index for whatever is typed."""

from typing import Any

import pytest
from django.db import connection

from billing.admin.search import reversal_lookup, sale_lookup, sources_of
from billing.models import Reversal, Sale
from config.fragments import COLUMNS, install_fragments
from notifications.models import Message
from smartbill.models import Document
from tests.factories.billing import SaleAliasFactory, SaleFactory
from tests.factories.documents import make_document
from tests.factories.notifications import MessageFactory
from tests.factories.people import signed_in
from tests.factories.reversals import make_reversal, make_reversed_sale

pytestmark = pytest.mark.django_db
CODE = "4E1F0A2B-AAAA-4BBB-8CCC-0123456789AB"


def indexes() -> set[str]:
    with connection.cursor() as cursor:
        return {
            name
            for table in {table for table, _column in COLUMNS}
            for name, each in connection.introspection.get_constraints(cursor, table).items()
            if each["index"] and name.endswith("_fragments")
        }


def test_every_column_that_is_searched_in_part_has_its_index_where_there_are_such() -> None:
    install_fragments(using="default")
    names = {f"{table}_{column}_fragments" for table, column in COLUMNS}
    assert indexes() == (names if connection.vendor == "postgresql" else set())


def plan(rows: Any) -> str:
    """How the database finds the rows when it is not to read the table."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    return rows.order_by().explain()


TERMS = [CODE, "DTE-01-M001P001-000000000000123", "cus_1", "in_1", "ch_1", "ana@example.com", "06140000000014"]


@pytest.mark.parametrize("term", TERMS)
def test_an_identifier_of_a_document_leads_to_one_lookup_by_an_index(term: str) -> None:
    from smartbill.admin.search import lookup_of

    found = plan(Document.objects.filter(lookup_of(term)))
    assert "Seq Scan" not in found
    assert "SCAN smartbill_document\n" not in f"{found}\n"


@pytest.mark.parametrize("term", [*TERMS, "invoice:in_1", "F-0001", "Ana"])
def test_an_identifier_of_a_sale_leads_to_one_query(term: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as seen:
        assert list(Sale.objects.filter(sale_lookup(term))) == []
    assert "DISTINCT" not in seen[0]["sql"]


@pytest.mark.parametrize("term", ["re_1", "ch_1", "cus_1", "refund:re_1", "F-0001"])
def test_an_identifier_of_a_reversal_leads_to_one_query(term: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert list(Reversal.objects.filter(reversal_lookup(term))) == []


def test_a_document_is_found_by_any_stripe_id_of_its_purchase_and_of_what_went_back() -> None:
    sale = make_reversed_sale()
    reversal = make_reversal(sale=sale, key="refund:re_77")
    SaleAliasFactory.create(sale=sale, kind="charge", stripe_id="ch_77")
    make_document()
    client = signed_in("smartbill.view_document")
    for term in ("ch_77", "re_77", sale.key.partition(":")[2]):
        rows = client.get("/admin/smartbill/document/", {"q": term}).context["cl"].result_list
        assert [row.pk for row in rows] == [sale.document_id]
    assert (sources_of("ch_77"), sources_of("pi_unknown")) == ([reversal.sale.key], [])


def test_a_sale_is_found_by_its_documents_numbers_address_and_tax_id() -> None:
    document = make_document(customer_email="Ana@Example.com", customer_tax_id="06140000000014")
    sale = SaleFactory.create(outcome="document", document=document, number="F-0009")
    SaleFactory.create()
    for term in (document.generation_code, document.control_number, "ana@example.com", "0614-000000-001-4", "F-0009"):
        assert [row.pk for row in Sale.objects.filter(sale_lookup(term))] == [sale.pk]


def test_a_message_is_found_by_reference_address_and_a_part_of_it() -> None:
    wanted = MessageFactory.create(reference="document:7", recipient="Ana@Shop.example")
    MessageFactory.create()
    client = signed_in("notifications.view_message")
    for term in ("document:7", "ana@shop.EXAMPLE", "ana@sh"):
        rows = client.get("/admin/notifications/message/", {"q": term}).context["cl"].result_list
        assert [row.pk for row in rows] == [wanted.pk]
    assert Message.objects.count() == 2


def test_no_list_asks_for_distinct_rows_or_counts_a_whole_table(django_assert_max_num_queries: Any) -> None:
    from django.contrib import admin

    client = signed_in(is_superuser=True)
    for page in admin.site._registry.values():
        with django_assert_max_num_queries(40) as seen:
            client.get(page.list_url())  # type: ignore[attr-defined]
        wrong = [each["sql"] for each in seen if "DISTINCT" in each["sql"] and "FROM" in each["sql"]]
        assert [sql for sql in wrong if f'"{page.opts.db_table}"' in sql] == [], page
