"""A real browser: the Chromium of the system, never a download."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

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
    """The desk, after signing in as a superuser through the form."""
    User.objects.create_superuser("ana", password=PASSWORD)
    quiet_page.goto(f"{live_server.url}/admin/")
    quiet_page.fill("#id_username", "ana")
    quiet_page.fill("#id_password", PASSWORD)
    quiet_page.click("input[type=submit]")
    quiet_page.wait_for_url(f"{live_server.url}/admin/")
    return quiet_page
