"""A real browser: the Chromium of the system, never a download."""

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from config.demo.authenticator import code_at

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = os.environ.get("SELLO_REQUIRE_ALL") == "1"
PASSWORD = "correct horse battery staple"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
collect_ignore_glob = [] if CHROMIUM or REQUIRED else ["test_*.py"]

# Playwright leaves an event loop running in the thread of the tests, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not CHROMIUM and not REQUIRED:
        terminalreporter.write_line("Browser tests left out: no Chromium here. Have it with: apt-get install chromium")


def pytest_itemcollected(item: pytest.Item) -> None:
    # pytest-base-url, which pytest-playwright brings, defines its fixture in a way that pytest 9 frowns upon.
    item.add_marker(pytest.mark.filterwarnings("ignore:Session-scoped fixtures defined as instance methods"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    if not CHROMIUM:
        pytest.fail("SELLO_REQUIRE_ALL=1, and there is no Chromium here: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture
def quiet_page(page: Page) -> Iterator[Page]:
    """A page that ends without one error on its console, one failed request or one dialog."""
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("requestfailed", lambda request: noise.append(f"{request.failure}: {request.url}"))
    page.on("dialog", lambda dialog: (noise.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    # A navigation that a second click overtook was aborted by the browser, not by us.
    assert [line for line in noise if "ERR_ABORTED" not in line] == []


@pytest.fixture
def desk(quiet_page: Page, live_server: Any) -> Page:
    """The desk, after signing in as a superuser for the first time."""
    User.objects.create_superuser("ana", password=PASSWORD)
    sign_in(quiet_page, live_server.url, "ana")
    quiet_page.wait_for_url(f"{live_server.url}/admin/")
    return quiet_page


def sign_in(page: Page, web: str, name: str) -> str:
    """Sign in for the first time, as a new person does: password, authenticator app, recovery codes, desk.

    Returns the key of the app.
    """
    page.goto(f"{web}/admin/")
    page.fill("#id_login", name)
    page.fill("#id_password", PASSWORD)
    page.click("#sign-in button[type=submit]")
    key = page.inner_text("#totp-secret")
    page.fill("#id_code", code_at(key, time.time()))
    page.click("#second-factor button[type=submit]")
    page.wait_for_url(f"{web}/account/codes/")
    page.click(".answers a.button >> nth=0")
    return key
