from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from djstripe import models as mirrored

from billing.admin.mirror import MirrorAdmin
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/djstripe/customer/"


@pytest.fixture
def customer() -> Any:
    """A row whose content no property of dj-stripe could read."""
    return mirrored.Customer.objects.create(
        id="cus_1",
        livemode=False,
        stripe_data={"id": "cus_1", "object": "customer", "note": "<script>alert(1)</script>"},
    )


@pytest.fixture
def client() -> Client:
    return signed_in("djstripe.view_customer")


def pages() -> list[Any]:
    return [page for page in admin.site._registry.values() if isinstance(page, MirrorAdmin)]


def test_nine_models_are_shown_without_any_action() -> None:
    assert sorted(page.opts.object_name for page in pages()) == [
        "Charge",
        "Customer",
        "Event",
        "Invoice",
        "PaymentIntent",
        "Price",
        "Product",
        "Session",
        "Subscription",
    ]
    assert [page for page in pages() if page.all_actions()] == []


@pytest.mark.parametrize(
    "name", ["invoice", "paymentintent", "charge", "event", "price", "product", "session", "subscription"]
)
def test_each_list_opens_for_its_right_alone(name: str) -> None:
    address = f"/admin/djstripe/{name}/"
    assert Client().get(address).status_code == 302
    assert signed_in().get(address).status_code == 403
    assert signed_in(f"djstripe.view_{name}").get(address).status_code == 200


def test_no_object_is_turned_into_text(client: Client, customer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(_row: Any) -> str:
        raise AssertionError("str() of a dj-stripe object")

    monkeypatch.setattr(mirrored.Customer, "__str__", explode)
    assert "cus_1" in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{customer.pk}/change/").status_code == 200


def test_what_stripe_sent_is_shown_as_text(client: Client, customer: Any) -> None:
    text = client.get(f"{LIST}{customer.pk}/change/").content.decode()
    assert "&quot;object&quot;: &quot;customer&quot;" in text
    assert "<script>alert" not in text


def test_an_object_is_found_by_its_stripe_id(client: Client, customer: Any) -> None:
    mirrored.Customer.objects.create(id="cus_2", livemode=False, stripe_data={"id": "cus_2"})
    assert [row.id for row in client.get(LIST, {"q": "cus_1"}).context["cl"].result_list] == ["cus_1"]


def test_the_list_reads_no_content(client: Client, customer: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(6) as seen:
        client.get(LIST)
    assert not any("stripe_data" in query["sql"] for query in seen)


@pytest.mark.parametrize("end", ["change/", "delete/", "history/"])
def test_nothing_can_be_posted_not_even_by_a_superuser(customer: Any, end: str) -> None:
    answer = signed_in(is_superuser=True).post(f"{LIST}{customer.pk}/{end}", {"id": "cus_evil"})
    assert answer.status_code in (403, 404)
    assert mirrored.Customer.objects.get().id == "cus_1"


@pytest.mark.parametrize("key", ["999", "cus_1", "' OR 1=1"])
def test_what_does_not_exist_is_not_found(client: Client, customer: Any, key: str) -> None:
    assert client.get(f"{LIST}{key}/change/").status_code == 404
