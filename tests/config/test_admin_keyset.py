"""Pages by position: every row once, whatever comes or goes in between."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.test import Client
from django.utils.timezone import now

from smartbill.admin.documents import DocumentAdmin
from smartbill.models import Document, Issuer
from tests.factories.documents import make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/document/"


@pytest.fixture(autouse=True)
def _three_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin.site._registry[Document], "list_per_page", 3)
    assert isinstance(admin.site._registry[Document], DocumentAdmin)


@pytest.fixture
def issuer() -> Issuer:
    return IssuerFactory.create()


@pytest.fixture
def client() -> Client:
    return signed_in("smartbill.view_document")


def stock(issuer: Issuer, number: int) -> list[int]:
    """Documents that were all made at the same instant, two of them for the same amount."""
    at = now()
    totals = [Decimal(10 + each // 2) for each in range(number)]
    return [make_document(issuer=issuer, created_at=at, total=total).pk for total in totals]


def walk(client: Client, query: str, step: str) -> Iterator[list[int]]:
    """Yield the rows of each page, from the page of the query along one of its links until there is none."""
    while True:
        cl = client.get(LIST + query).context["cl"]
        yield [row.pk for row in cl.result_list]
        query = getattr(cl.steps, step)
        if not query:
            return


@pytest.mark.parametrize("order", ["", "?o=4", "?o=-4"])
def test_forward_and_backward_every_row_comes_once_in_the_same_order(
    client: Client, issuer: Issuer, order: str
) -> None:
    keys = stock(issuer, 8)
    forward = list(walk(client, order, "next"))
    assert [len(page) for page in forward] == [3, 3, 2]
    rows = [key for page in forward for key in page]
    assert rows == (sorted(keys) if order == "?o=4" else sorted(keys, reverse=True))
    end = f"{order}&end=1" if order else "?end=1"
    backward = list(walk(client, end, "previous"))
    # The page at the start is shown whole.
    assert backward == [rows[5:], rows[2:5], rows[:3]]


def test_a_new_row_moves_nothing_on_the_pages_after_it(client: Client, issuer: Issuer) -> None:
    keys = stock(issuer, 7)
    first = client.get(LIST).context["cl"]
    make_document(issuer=issuer, created_at=now() + timedelta(seconds=1))
    second = client.get(LIST + first.steps.next).context["cl"]
    assert [row.pk for row in second.result_list] == sorted(keys, reverse=True)[3:6]
    back = client.get(LIST + second.steps.previous).context["cl"]
    assert [row.pk for row in back.result_list] == sorted(keys, reverse=True)[:3]
    assert back.steps.previous


def test_the_first_page_offers_no_way_back_and_the_last_none_on(client: Client, issuer: Issuer) -> None:
    stock(issuer, 5)
    first = client.get(LIST).context["cl"].steps
    assert (first.first, first.previous, bool(first.next), bool(first.last)) == ("", "", True, True)
    last = client.get(LIST + first.last).context["cl"].steps
    assert (bool(last.first), bool(last.previous), last.next, last.last) == (True, True, "", "")


def test_a_page_whose_rows_are_gone_shows_what_is_left(client: Client, issuer: Issuer) -> None:
    keys = [make_document("held", issuer=issuer).pk for _each in range(4)]
    beyond = client.get(f"{LIST}?status__exact=held").context["cl"].steps.next
    Document.objects.filter(pk=min(keys)).update(status="ready")
    rows = client.get(LIST + beyond).context["cl"].result_list
    assert [row.pk for row in rows] == sorted(keys, reverse=True)[:3]


def test_a_step_keeps_the_filters_and_a_filter_begins_anew(client: Client, issuer: Issuer) -> None:
    stock(issuer, 5)
    cl = client.get(f"{LIST}?livemode__exact=0&kind__exact=factura").context["cl"]
    query = cl.steps.next or cl.get_query_string()
    assert "livemode__exact=0" in query
    page = client.get(LIST + client.get(LIST).context["cl"].steps.next)
    assert not any("after=" in choice["query_string"] for choice in _choices(page))


def _choices(page: object) -> list[dict[str, str]]:
    cl = page.context["cl"]  # type: ignore[attr-defined]
    return [choice for spec in cl.filter_specs for choice in spec.choices(cl)]


def position(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "place",
    [
        "x",
        "%ff",
        position("[]"),
        position("{}"),
        position('["2026-01-01T00:00:00+00:00"]'),
        position('["2026-01-01T00:00:00",5]'),
        position('["yesterday",5]'),
        position('["2026-01-01T00:00:00+00:00",null]'),
        position('["2026-01-01T00:00:00+00:00",1e400]'),
        position('["2026-01-01T00:00:00+00:00",99999999999999999999999]'),
        position('["2026-01-01T00:00:00+00:00","1; DROP TABLE"]'),
        position('["2026-01-01T00:00:00+00:00\\u0000",5]'),
        position("[" * 5000),
    ],
)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_place_that_no_row_has_leads_to_the_whole_list(client: Client, issuer: Issuer, name: str, place: str) -> None:
    stock(issuer, 1)
    answer = client.get(LIST, {name: place})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?e=1")


def test_a_page_costs_no_offset_and_no_count_of_all(
    client: Client, issuer: Issuer, django_assert_max_num_queries: object
) -> None:
    stock(issuer, 8)
    for query in ("", "?end=1", client.get(LIST).context["cl"].steps.next):
        with django_assert_max_num_queries(9) as seen:  # type: ignore[operator]
            client.get(LIST + query)
        statements = [each["sql"] for each in seen]
        assert [sql for sql in statements if "OFFSET" in sql or "DISTINCT" in sql] == []
        assert [sql for sql in statements if "COUNT(" in sql and "LIMIT 10001" not in sql] == []
