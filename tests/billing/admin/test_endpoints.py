from typing import Any

import pytest
from django.test import Client

from billing.models import StripeEndpoint
from tests.factories.billing import SECRET, StripeEndpointFactory
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/billing/stripeendpoint/"


@pytest.fixture
def client() -> Client:
    return signed_in(
        "billing.view_stripeendpoint",
        "billing.add_stripeendpoint",
        "billing.change_stripeendpoint",
        "smartbill.view_issuer",
    )


def fields(**changes: Any) -> dict[str, Any]:
    issuer = changes.pop("issuer", None) or IssuerFactory.create()
    return {
        "label": "Acme",
        "uuid": "6e4f7c1e-7a52-4c59-9a42-3c1b5a0f3d11",
        "api_version": "2026-08-26.dahlia",
        "issuer": issuer.pk,
        "enabled": "on",
        "new_secrets": SECRET,
        "ask-reason": "As agreed.",
        **changes,
    }


def test_an_endpoint_is_added_with_its_secret(client: Client) -> None:
    assert client.post(f"{LIST}add/", fields()).status_code == 302
    assert StripeEndpoint.objects.get().active_secrets == [SECRET]


def test_an_endpoint_without_a_secret_is_not_added(client: Client) -> None:
    page = client.post(f"{LIST}add/", fields(new_secrets=""))
    assert page.context["errors"] == [["Enter the signing secret."]]
    assert StripeEndpoint.objects.count() == 0


def test_an_empty_field_keeps_the_secret_and_a_full_one_replaces_it(client: Client) -> None:
    endpoint = StripeEndpointFactory.create()
    for typed, kept in (("", SECRET), ("whsec_new", "whsec_new")):
        client.post(f"{LIST}{endpoint.pk}/change/", fields(issuer=endpoint.issuer, label="New", new_secrets=typed))
        endpoint.refresh_from_db()
        assert (endpoint.label, endpoint.secrets) == ("New", kept)


def test_the_secret_is_never_shown(client: Client) -> None:
    endpoint = StripeEndpointFactory.create()
    for viewer in (client, signed_in("billing.view_stripeendpoint")):
        for address in (LIST, f"{LIST}{endpoint.pk}/change/"):
            assert SECRET not in viewer.get(address).content.decode()


def test_who_may_only_look_changes_nothing() -> None:
    endpoint = StripeEndpointFactory.create()
    client = signed_in("billing.view_stripeendpoint")
    answer = client.post(f"{LIST}{endpoint.pk}/change/", fields(issuer=endpoint.issuer, new_secrets="whsec_evil"))
    assert answer.status_code == 403
    assert StripeEndpoint.objects.get().secrets == SECRET
