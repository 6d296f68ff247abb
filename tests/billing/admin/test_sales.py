from typing import Any

import pytest
from django.test import Client

from billing.models import Sale, Snapshot
from tests.factories.billing import SaleAliasFactory, SaleFactory, StripeEndpointFactory
from tests.factories.documents import make_document
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/sale/"
WHY = [{"field": "currency", "code": "currency", "message": "Only USD can be issued."}]


@pytest.fixture
def client() -> Client:
    return signed_in("billing.view_sale", "billing.retry_sale")


def decide_again(client: Client, sale: Sale, reason: str) -> list[str]:
    data: dict[str, Any] = {"action": "decide_again", "_selected_action": [sale.pk]}
    token = client.post(LIST, data).context["token"]
    page = client.post(LIST, {**data, "_confirmed": token, "confirm-reason": reason}, follow=True)
    return [str(message) for message in page.context["messages"]]


def test_a_held_sale_is_decided_again_with_a_reason(client: Client) -> None:
    sale = SaleFactory.create(outcome="held", reasons=WHY, amount_minor=12480, currency="usd", customer_name="Ana")
    assert decide_again(client, sale, "") == []
    assert Sale.objects.get().outcome == "held"
    assert decide_again(client, sale, "Mended.") == [f"{sale} · Ana · 124.80 USD: to be decided again"]
    assert Sale.objects.get().outcome == "pending"


def test_a_settled_sale_is_not_decided_again(client: Client) -> None:
    sale = SaleFactory.create(outcome="not_applicable", reasons=WHY)
    (told,) = decide_again(client, sale, "Please.")
    assert ": refused. " in told
    assert Sale.objects.get().outcome == "not_applicable"


def test_looking_is_not_enough() -> None:
    sale = SaleFactory.create(outcome="held", reasons=WHY)
    client = signed_in("billing.view_sale")
    assert client.post(LIST, {"action": "decide_again", "_selected_action": [sale.pk]}).status_code == 403


def test_a_sale_is_found_by_any_of_its_stripe_ids(client: Client) -> None:
    endpoint = StripeEndpointFactory.create()
    wanted = SaleFactory.create(endpoint=endpoint, key="invoice:in_9", number="ACME-9", customer_id="cus_9")
    SaleAliasFactory.create(sale=wanted, kind="payment_intent", stripe_id="pi_9")
    SaleAliasFactory.create(sale=wanted, kind="charge", stripe_id="ch_9")
    SaleAliasFactory.create(sale=SaleFactory.create(endpoint=endpoint), stripe_id="in_8")
    for term in ("pi_9", "ch_9", "cus_9", "invoice:in_9", "ACME-9"):
        assert [row.pk for row in client.get(LIST, {"q": term}).context["cl"].result_list] == [wanted.pk]


def test_amounts_read_in_units_of_their_currency(client: Client) -> None:
    endpoint = StripeEndpointFactory.create()
    SaleFactory.create(endpoint=endpoint, amount_minor=1000, currency="usd")
    SaleFactory.create(endpoint=endpoint, amount_minor=1000, currency="jpy")
    text = client.get(LIST).content.decode()
    assert ">10.00 USD<" in text
    assert ">1,000 JPY<" in text


def test_the_page_shows_document_reasons_and_snapshot_as_text(client: Client) -> None:
    document = make_document()
    sale = SaleFactory.create(outcome="document", document=document)
    Snapshot.objects.create(sale=sale, content={"name": "<script>"}, api_version="x", sha256="0" * 64)
    text = client.get(f"{LIST}{sale.pk}/change/").content.decode()
    assert f'<a href="/admin/smartbill/document/{document.pk}/change/">{document}</a>' in text
    assert "&quot;name&quot;: &quot;&lt;script&gt;&quot;" in text


def test_the_queries_of_the_list_do_not_grow(client: Client, django_assert_num_queries: Any) -> None:
    endpoint = StripeEndpointFactory.create()
    for _row in range(40):
        SaleFactory.create(endpoint=endpoint, outcome="document", document=make_document(issuer=endpoint.issuer))
    with django_assert_num_queries(6):
        client.get(LIST)
