"""From the password to the desk: the second factor that staff must have, and the limits of tries and sessions."""

import re
import time
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import reverse

from config.demo.authenticator import PERIOD, code_at
from config.models import Change
from tests.factories.people import open_session

# The signal of a new factor is sent when its transaction ends, so it has to end.
pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a long and dull passphrase"
LOGIN, CODE, SETUP, CODES = "/account/login/", "/account/login/code/", "/account/app/add/", "/account/codes/"


@pytest.fixture
def ana() -> User:
    return User.objects.create_superuser("ana", password=PASSWORD)


def enter(client: Client, **typed: str) -> Any:
    return client.post(LOGIN, {"login": "ana", "password": PASSWORD, **typed})


def set_up(client: Client) -> str:
    """Go through the page that sets up an authenticator app and return its key."""
    key = re.search(r'id="totp-secret">(\w+)<', client.get(SETUP).content.decode())[1]
    assert client.post(SETUP, {"code": code_at(key, time.time())})["Location"] == CODES
    return key


def test_a_new_installation_leads_from_the_password_to_an_app_to_the_desk(ana: User) -> None:
    client = Client()
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == f"{LOGIN}?next=%2Fadmin%2F"
    assert enter(client, next="/admin/")["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == f"{SETUP}?next=%2Fadmin%2F"
    set_up(client)
    assert len(re.findall(r"<li><code>\w+</code></li>", client.get(CODES).content.decode())) == 10
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    "address",
    ["/admin/", "/admin/auth/user/", "/admin/smartbill/document/", "/admin/jsi18n/", "/account/", "/account/codes/",
     "/account/sessions/", "/account/password/", "/admin/nonsense/"],
)  # fmt: skip
def test_nothing_of_staff_answers_before_the_second_factor(ana: User, address: str) -> None:
    client = Client()
    enter(client)
    answer = client.get(address)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, SETUP)
    answer = client.post(address, {"action": "approve"})
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, SETUP)


def test_who_has_an_app_is_asked_for_its_code_and_no_code_counts_twice(ana: User) -> None:
    client = Client()
    enter(client)
    key = set_up(client)
    second, at = Client(), time.time() + 2 * PERIOD
    with time_machine.travel(at):
        assert enter(second)["Location"] == CODE
        assert second.get("/admin/").status_code == 302
        assert second.post(CODE, {"code": code_at(key, at - 5 * PERIOD)}).status_code == 200
        assert second.post(CODE, {"code": code_at(key, at)})["Location"] == "/admin/"
        assert second.get("/admin/").status_code == 200
        third = Client()
        enter(third)
        assert third.post(CODE, {"code": code_at(key, at)}).status_code == 200
        assert third.get("/admin/").status_code == 302


def test_a_recovery_code_opens_once(ana: User) -> None:
    client = Client()
    enter(client)
    set_up(client)
    code = re.search(r"<li><code>(\w+)</code></li>", client.get(CODES).content.decode())[1]
    for expected in (302, 200):
        other = Client()
        enter(other)
        assert other.post(CODE, {"code": code}).status_code == expected


def test_the_key_of_an_app_lies_sealed_in_the_database(ana: User) -> None:
    client = Client()
    enter(client)
    key = set_up(client)
    kept = [str(row.data) for row in Authenticator.objects.all()]
    assert len(kept) == 2
    assert not any(key in data for data in kept)
    assert all("'v1:" in data for data in kept)
    told = Change.objects.filter(table="mfa_authenticator", row=ana.pk).order_by("id")
    assert [(row.kind, row.row, row.operation, row.actor) for row in told] == 2 * [
        ("auth.user", str(ana.pk), "added", "ana")
    ]
    assert not any(key in str(row.after) or "data" in row.after for row in told)


def test_the_sixth_wrong_password_is_not_even_looked_at(ana: User) -> None:
    for _ in range(5):
        assert "Name or password is wrong." in enter(Client(), password="guess").content.decode()
    assert "Too many tries" in enter(Client()).content.decode()
    assert Client().get("/admin/").status_code == 302


def test_codes_cannot_be_tried_out(ana: User) -> None:
    client = Client()
    enter(client)
    key = set_up(client)
    other = Client()
    enter(other)
    with time_machine.travel(time.time() + 2 * PERIOD):
        for _ in range(5):
            other.post(CODE, {"code": "000000"})
        answer = other.post(CODE, {"code": code_at(key, time.time())})
    assert (answer.status_code, "Too many tries" in answer.content.decode()) == (200, True)


def test_a_stranger_learns_nothing_about_who_exists_or_is_disabled(ana: User) -> None:
    User.objects.create_user("bea", password=PASSWORD, is_active=False)
    texts = {
        re.sub(r'value="[^"]*"', "", enter(Client(), login=name, password=word).content.decode())
        for name, word in (("ana", "wrong"), ("nobody", "wrong"), ("bea", "wrong"), ("bea", PASSWORD))
    }
    assert len(texts) == 1


def test_disabling_a_person_ends_their_open_sessions_at_once(ana: User) -> None:
    client = open_session(ana)
    assert client.get("/admin/").status_code == 200
    User.objects.update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_a_session_ends_when_it_is_left_alone_and_when_it_is_too_old(ana: User) -> None:
    client, start = open_session(ana), time.time()
    for minutes in range(25, 12 * 60, 25):
        with time_machine.travel(start + minutes * 60):
            assert client.get("/admin/").status_code == 200, minutes
    with time_machine.travel(start + 12 * 60 * 60 + 60):
        assert client.get("/admin/")["Location"].startswith("/admin/login/")
    client = open_session(ana)
    with time_machine.travel(start + 31 * 60):
        assert client.get("/admin/")["Location"].startswith("/admin/login/")
        assert "Your session has ended" in client.get(LOGIN).content.decode()


def test_other_sessions_are_seen_and_ended(ana: User) -> None:
    client = Client()
    enter(client)
    key = set_up(client)
    other = Client()
    with time_machine.travel(time.time() + 2 * PERIOD):
        enter(other)
        other.post(CODE, {"code": code_at(key, time.time())})
        assert client.get("/account/sessions/").content.decode().count("127.0.0.1") == 2
        client.post("/account/sessions/")
        assert (client.get("/admin/").status_code, other.get("/admin/").status_code) == (200, 302)
    assert UserSession.objects.count() == 1


def test_the_last_factor_stays(ana: User) -> None:
    client = Client()
    enter(client)
    set_up(client)
    assert "It is your only second factor" in client.get("/account/app/remove/").content.decode()
    client.post("/account/app/remove/")
    assert Authenticator.objects.filter(type="totp").count() == 1


def test_nobody_signs_up_and_no_mail_opens_a_door() -> None:
    for path in ("signup", "password/reset", "email", "login/codes", "3rdparty"):
        assert Client().get(f"/account/{path}/").status_code == 404, path


def test_who_is_no_staff_gets_nowhere() -> None:
    client = open_session(User.objects.create_user("bea"))
    assert client.get("/admin/", follow=True).status_code == 403


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"])
def test_passwords_are_kept_by_argon2() -> None:
    assert identify_hasher(User.objects.create_user("bea", password=PASSWORD).password).algorithm == "argon2"


def test_the_admin_has_no_sign_in_of_its_own(ana: User) -> None:
    assert Client().get("/admin/login/?next=/admin/auth/user/")["Location"] == f"{LOGIN}?next=%2Fadmin%2Fauth%2Fuser%2F"
    answer = Client().post("/admin/login/", {"username": "ana", "password": PASSWORD})
    assert answer["Location"].startswith(LOGIN)
    client = open_session(ana)
    assert client.get("/admin/password_change/")["Location"] == reverse("account_change_password")


def test_a_sign_in_leads_to_no_other_host(ana: User) -> None:
    assert enter(Client(), next="https://evil.example/")["Location"] == "/admin/"
