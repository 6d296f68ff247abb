"""A password or code once more, before what cannot be undone."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.admin.sites import all_sites
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from config.demo.authenticator import code_at, new_key
from config.models import ApiToken, Change
from smartbill.models import Document
from tests.factories.documents import make_document
from tests.factories.people import make_staff, open_session, signed_in

pytestmark = pytest.mark.django_db
PASSWORD = "a long and dull passphrase"
LIST = "/admin/smartbill/document/"
LONG_AGO = 601


@pytest.fixture
def document() -> Document:
    return make_document(status="rejected")


def stale(*permissions: str, **changes: Any) -> Client:
    """Return a browser whose person gave a password and code more than ten minutes ago."""
    user = make_staff(*permissions, **changes)
    user.set_password(PASSWORD)
    user.save()
    return open_session(user, proved=LONG_AGO)


def ask(client: Client, document: Document) -> Any:
    return client.post(LIST, {"action": "abandon", "_selected_action": [document.pk]})


def answer(client: Client, document: Document, token: str, **more: str) -> Any:
    data = {"action": "abandon", "_selected_action": [document.pk], "_confirmed": token, "confirm-reason": "Twice"}
    return client.post(LIST, {**data, **more})


RIGHTS = ("smartbill.view_document", "smartbill.correct_document")


def test_who_signed_in_a_moment_ago_is_not_asked(document: Document) -> None:
    client = signed_in(*RIGHTS)
    page = ask(client, document)
    assert 'name="ask-proof"' not in page.content.decode()
    assert answer(client, document, page.context["token"]).status_code == 302
    assert Document.objects.get().status == "abandoned"


def test_without_a_fresh_password_nothing_happens(document: Document) -> None:
    client = stale(*RIGHTS)
    page = ask(client, document)
    assert 'name="ask-proof"' in page.content.decode()
    for typed in ({}, {"ask-proof": ""}, {"ask-proof": "guess"}):
        refused = answer(client, document, page.context["token"], **typed)
        assert (refused.status_code, Document.objects.get().status) == (200, "rejected")
    assert "neither your password nor a code" in refused.content.decode()
    assert "guess" not in refused.content.decode()
    assert answer(client, document, page.context["token"], **{"ask-proof": PASSWORD}).status_code == 302
    assert Document.objects.get().status == "abandoned"
    assert 'name="ask-proof"' not in ask(client, make_document(status="rejected", source="other")).content.decode()


def test_a_code_of_the_app_will_do_once(document: Document) -> None:
    client, key = stale(*RIGHTS), new_key()
    TOTP.activate(User.objects.get(), key)
    token = ask(client, document).context["token"]
    assert answer(client, document, token, **{"ask-proof": code_at(key, time.time())}).status_code == 302
    assert Document.objects.get().status == "abandoned"
    other = open_session(User.objects.get(), proved=LONG_AGO)
    second = make_document(status="rejected", source="other")
    token = ask(other, second).context["token"]
    assert answer(other, second, token, **{"ask-proof": code_at(key, time.time())}).status_code == 200


def test_guessing_is_slowed_down_even_for_the_right_password(document: Document) -> None:
    client = stale(*RIGHTS)
    token = ask(client, document).context["token"]
    for _ in range(10):
        answer(client, document, token, **{"ask-proof": "guess"})
    refused = answer(client, document, token, **{"ask-proof": PASSWORD})
    assert ("Too many tries" in refused.content.decode(), Document.objects.get().status) == (True, "rejected")


@pytest.mark.parametrize(
    ("address", "values", "rights"),
    [
        ("auth/group/add/", {"name": "Kings"}, {"is_superuser": True}),
        ("config/apitoken/add/", {"name": "Dashboard", "scopes": ["read"]}, {"is_superuser": True}),
        (
            "auth/user/add/",
            {"username": "eve", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD},
            {"is_superuser": True},
        ),
    ],
)
def test_people_groups_and_tokens_ask_as_well(address: str, values: dict[str, Any], rights: dict[str, Any]) -> None:
    def counts() -> tuple[int, int, int]:
        return Group.objects.count(), ApiToken.objects.count(), User.objects.filter(username="eve").count()

    client = stale(**rights)
    before = counts()
    assert 'name="ask-proof"' in client.get(f"/admin/{address}").content.decode()
    assert client.post(f"/admin/{address}", values).status_code == 200
    assert client.post(f"/admin/{address}", {**values, "ask-proof": "guess"}).status_code == 200
    assert counts() == before
    client.post(f"/admin/{address}", {**values, "ask-proof": PASSWORD, "ask-reason": "New"})
    assert sum(counts()) == sum(before) + 1


def test_somebodys_password_is_set_only_by_who_gave_their_own() -> None:
    bea = make_staff()
    client = stale(is_superuser=True)
    address = f"/admin/auth/user/{bea.pk}/password/"
    values = {"password1": "an even longer passphrase", "password2": "an even longer passphrase"}
    assert client.post(address, {**values, "usable_password": "true"})["Location"].startswith("/account/confirm/")
    assert client.post(f"/account/confirm/?next={address}", {"password": PASSWORD})["Location"] == address
    assert client.post(address, {**values, "usable_password": "true"}).status_code == 302
    bea.refresh_from_db()
    assert bea.check_password("an even longer passphrase")
    assert Change.objects.filter(kind="auth.user", row=bea.pk).first().actor != ""


DANGEROUS = {
    "smartbill.document": {"invalidate", "abandon", "found", "not_issued", "confirm_answer", "settle_twin"},
    "smartbill.apikey": {"revoke", "resume"},
    "config.apitoken": {"revoke"},
    "auth.user": {"reset_factor"},
    "billing.reversal": {"approve", "settle"},
    "billing.correction": {"replace", "invalidate", "credit", "confirm"},
}


def test_everything_that_cannot_be_undone_asks() -> None:
    pages = {page.opts.label_lower: page for site in all_sites for page in site._registry.values()}
    for label, names in DANGEROUS.items():
        asking = {name for act, name, _label in pages[label].all_actions() if getattr(act, "needs_proof", False)}
        assert names <= asking, label
    forms = {"auth.user", "auth.group", "config.apitoken", "smartbill.apikey", "billing.stripeendpoint"}
    assert forms <= {label for label, page in pages.items() if page.needs_proof}


def test_a_lost_factor_is_reset_with_a_reason_and_ends_the_sessions() -> None:
    bea = make_staff()
    TOTP.activate(bea, new_key())
    client = open_session(bea)
    UserSession.objects.create(user=bea, ip="127.0.0.1", session_key=client.session.session_key, user_agent="x")
    assert client.get("/admin/").status_code == 200
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_second_factor", "nobody", "--reason", "Lost")
    with pytest.raises(CommandError, match="reason"):
        call_command("reset_second_factor", bea.username, "--reason", " ")
    call_command("reset_second_factor", bea.username, "--reason", "Phone lost, called back")
    assert client.get("/admin/").status_code == 302
    assert not Authenticator.objects.exists()
    last = Change.objects.filter(table="mfa_authenticator", row=bea.pk).first()
    assert (last.operation, last.actor, last.reason) == (
        "removed",
        "manage.py reset_second_factor",
        "Phone lost, called back",
    )


def test_a_person_resets_it_in_the_admin_but_not_that_of_a_superuser() -> None:
    bea, boss = make_staff(), make_staff(is_superuser=True)
    for person in (bea, boss):
        TOTP.activate(person, new_key())
    client = signed_in("auth.view_user", "auth.change_user")
    data = {"action": "reset_factor", "_selected_action": [bea.pk, boss.pk]}
    token = client.post("/admin/auth/user/", data).context["token"]
    client.post("/admin/auth/user/", {**data, "_confirmed": token, "confirm-reason": "Lost"})
    assert [factor.user for factor in Authenticator.objects.all()] == [boss]


def test_who_is_made_inactive_in_the_admin_loses_the_open_session() -> None:
    bea = make_staff()
    client = open_session(bea)
    UserSession.objects.create(user=bea, ip="127.0.0.1", session_key=client.session.session_key, user_agent="x")
    values = {
        "username": bea.username, "is_staff": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
        "reader-TOTAL_FORMS": "0", "reader-INITIAL_FORMS": "0", "ask-reason": "Left",
    }  # fmt: skip
    assert (
        signed_in("auth.view_user", "auth.change_user").post(f"/admin/auth/user/{bea.pk}/change/", values).status_code
        == 302
    )
    assert not UserSession.objects.exists()
    bea.is_active = True
    bea.save()
    assert client.get("/admin/").status_code == 302
