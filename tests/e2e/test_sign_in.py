"""Signing in with a real browser: an app, its codes, a passkey, and a phone's width; no script but on two pages."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from config.demo.authenticator import next_code
from tests.e2e.conftest import PASSWORD, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def web(live_server: Any) -> str:
    """The address by name: a passkey belongs to a host, never to a number."""
    User.objects.create_superuser("ana", password=PASSWORD)
    return str(live_server.url).replace("127.0.0.1", "localhost")


def leave(page: Page) -> None:
    page.click("#logout-form button")
    page.wait_for_selector("#sign-in")


def enter(page: Page) -> None:
    page.fill("#id_login", "ana")
    page.fill("#id_password", PASSWORD)
    page.click("#sign-in button[type=submit]")
    page.wait_for_selector("#second-factor")


def test_a_new_person_comes_in_leaves_and_comes_again(quiet_page: Page, web: str) -> None:
    key = sign_in(quiet_page, web, "ana")
    quiet_page.wait_for_url(f"{web}/admin/")
    leave(quiet_page)
    enter(quiet_page)
    quiet_page.fill("#id_code", "000000")
    quiet_page.click("#second-factor button[type=submit]")
    assert "The code is wrong" in quiet_page.inner_text(".account-card")
    quiet_page.fill("#id_code", next_code(key))
    quiet_page.click("#second-factor button[type=submit]")
    quiet_page.wait_for_url(f"{web}/admin/")


def test_a_passkey_opens_the_desk_under_the_strict_policy(quiet_page: Page, web: str) -> None:
    sign_in(quiet_page, web, "ana")
    devices = quiet_page.context.new_cdp_session(quiet_page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    quiet_page.goto(f"{web}/account/passkeys/add/")
    quiet_page.fill("#id_name", "Laptop")
    quiet_page.click("#passkey")
    quiet_page.wait_for_url(f"{web}/account/")
    assert "Laptop" in quiet_page.inner_text(".ways")
    leave(quiet_page)
    enter(quiet_page)
    quiet_page.click("#passkey")
    quiet_page.wait_for_url(f"{web}/admin/")


def test_only_the_pages_of_passkeys_have_scripts(quiet_page: Page, web: str) -> None:
    quiet_page.goto(f"{web}/account/login/")
    own = "[...document.scripts].map(each => new URL(each.src, location).pathname).filter(path => !/theme/.test(path))"
    assert quiet_page.evaluate(own) == []
    sign_in(quiet_page, web, "ana")
    for address in ("", "codes/", "sessions/", "password/", "app/remove/"):
        quiet_page.goto(f"{web}/account/{address}")
        assert quiet_page.evaluate(own) == [], address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone(quiet_page: Page, web: str, scheme: Any) -> None:
    quiet_page.emulate_media(color_scheme=scheme)
    quiet_page.set_viewport_size({"width": 360, "height": 740})
    addresses = ["login/"]
    for _round in range(2):
        for address in addresses:
            quiet_page.goto(f"{web}/account/{address}")
            assert quiet_page.evaluate("document.documentElement.scrollWidth") <= 360, address
        if addresses == ["login/"]:
            sign_in(quiet_page, web, "ana")
            addresses = [
                "",
                "codes/",
                "codes/new/",
                "sessions/",
                "password/",
                "passkeys/",
                "passkeys/add/",
                "app/remove/",
            ]
