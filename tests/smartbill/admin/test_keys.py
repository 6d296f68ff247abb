from typing import Any

import pytest
from django.test import Client

from smartbill.models import ApiKey
from tests.factories.people import signed_in
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/apikey/"
EDITS = ("smartbill.view_apikey", "smartbill.add_apikey", "smartbill.change_apikey")


@pytest.fixture
def client() -> Client:
    return signed_in(*EDITS, "smartbill.view_issuer")


def fields(**changes: Any) -> dict[str, Any]:
    issuer = changes.pop("issuer", None) or IssuerFactory.create()
    return {
        "issuer": issuer.pk,
        "label": "Till",
        "role": "manager",
        "public_key": "pub_1",
        "new_private_key": "prv_abcdef1234",
        "ask-reason": "As agreed.",
        **changes,
    }


def act(client: Client, action: str, key: ApiKey, **answers: str) -> list[str]:
    data = {"action": action, "_selected_action": [key.pk]}
    token = client.post(LIST, data).context["token"]
    page = client.post(LIST, {**data, "_confirmed": token, **answers}, follow=True)
    return [str(message) for message in page.context["messages"]]


def test_a_key_is_stored_sealed_and_remembered_by_its_last_four(client: Client) -> None:
    assert client.post(f"{LIST}add/", fields()).status_code == 302
    key = ApiKey.objects.get()
    assert (key.private_key, key.private_last4) == ("prv_abcdef1234", "1234")


def test_the_private_key_is_never_shown(client: Client) -> None:
    key = ApiKeyFactory.create(private_key="prv_very_secret_7Qx2")
    for address in (LIST, f"{LIST}{key.pk}/change/"):
        text = client.get(address).content.decode()
        assert "prv_very_secret" not in text
        assert "…7Qx2" in text


def test_an_empty_field_keeps_the_stored_key(client: Client) -> None:
    key = ApiKeyFactory.create(private_key="prv_old_0001")
    client.post(f"{LIST}{key.pk}/change/", fields(issuer=key.issuer, label="New label", new_private_key=""))
    key.refresh_from_db()
    assert (key.label, key.private_key, key.private_last4) == ("New label", "prv_old_0001", "0001")


def test_a_new_key_needs_its_private_part(client: Client) -> None:
    page = client.post(f"{LIST}add/", fields(new_private_key=" "))
    assert page.context["errors"] == [["Enter the private key."]]
    assert ApiKey.objects.count() == 0


def test_who_may_only_look_sees_no_field_for_the_key() -> None:
    key = ApiKeyFactory.create()
    client = signed_in("smartbill.view_apikey")
    assert "new_private_key" not in client.get(f"{LIST}{key.pk}/change/").content.decode()
    assert client.post(f"{LIST}{key.pk}/change/", fields(issuer=key.issuer)).status_code == 403
    assert client.post(LIST, {"action": "revoke", "_selected_action": [key.pk]}).status_code == 403


def test_a_stopped_key_is_resumed(client: Client) -> None:
    key = ApiKeyFactory.create(stopped_at="2026-11-20T10:00:00Z", last_error="HTTP 401")
    assert act(client, "resume", key) == [f"Main (…{key.private_last4}): in use again"]
    key.refresh_from_db()
    assert (key.stopped_at, key.last_error) == (None, "")


def test_a_revoked_key_stays_revoked(client: Client) -> None:
    key = ApiKeyFactory.create()
    assert act(client, "revoke", key, **{"confirm-reason": "Leaked."})[0].endswith("revoked")
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert key.last_error.endswith(": Leaked.")
    assert act(client, "resume", key)[0].endswith("refused. Only a stopped key can be resumed.")
    assert not ApiKey.objects.usable().exists()


def test_a_stopped_key_stands_on_the_desk(client: Client) -> None:
    ApiKeyFactory.create(stopped_at="2026-11-20T10:00:00Z")
    cards = [(str(card.problem.label), card.count) for card in client.get("/admin/").context["urgent"]]
    assert cards == [("API key stopped", 1)]


def test_a_stored_key_keeps_its_issuer_and_its_public_half(client: Client) -> None:
    key = ApiKeyFactory.create(public_key="pub_of_the_first")
    other = IssuerFactory.create()
    client.post(f"{LIST}{key.pk}/change/", fields(issuer=other, label="Moved", public_key="pub_2", new_private_key=""))
    moved = ApiKey.objects.get()
    assert (moved.label, moved.issuer_id, moved.public_key) == ("Moved", key.issuer_id, "pub_of_the_first")
