"""The customer's page in a real browser: quiet under the strict policy, readable on a phone, and true by itself."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from smartbill.models import Document
from smartbill.services.accept import mark_invalidated
from smartbill.services.link import live_link
from tests.e2e.test_admin import HOSTILE, width_beyond_the_screen
from tests.factories.smartbill import IssuerFactory, make_draft
from tests.smartbill.test_faces import SEAL, issued

pytestmark = pytest.mark.django_db(transaction=True)


def open_as_customer(page: Page, live_server: Any, document: Document) -> None:
    page.goto(f"{live_server.url}/d/{live_link(document).token}/")


def test_a_late_seal_appears_on_an_open_page_by_itself(quiet_page: Page, live_server: Any) -> None:
    document = issued(make_draft(IssuerFactory()), seal="")
    open_as_customer(quiet_page, live_server, document)
    expect(quiet_page.locator("#state")).to_have_class("badge contingency")
    document.move_to("stamped", seal=SEAL)
    expect(quiet_page.locator("#state")).to_have_class("badge stamped", timeout=15_000)
    expect(quiet_page.locator(".proof")).to_contain_text(SEAL)


def test_an_invalidation_appears_on_an_open_page_by_itself(quiet_page: Page, live_server: Any) -> None:
    document = issued(make_draft(IssuerFactory()))
    open_as_customer(quiet_page, live_server, document)
    expect(quiet_page.locator("#state")).to_have_class("badge stamped")
    document.move_to("invalidating")
    mark_invalidated(document)
    expect(quiet_page.locator("#state")).to_have_class("badge invalidated", timeout=15_000)


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_reaches_beyond_the_screen(quiet_page: Page, live_server: Any, width: int) -> None:
    document = issued(make_draft(IssuerFactory()))
    quiet_page.set_viewport_size({"width": width, "height": 800})
    open_as_customer(quiet_page, live_server, document)
    assert width_beyond_the_screen(quiet_page) == 0


def test_a_hostile_name_is_text(quiet_page: Page, live_server: Any) -> None:
    party = make_draft(IssuerFactory()).party
    document = issued(make_draft(IssuerFactory(), party=party.__class__(name=HOSTILE)))
    open_as_customer(quiet_page, live_server, document)
    expect(quiet_page.locator(".parties .name").nth(1)).to_have_text(HOSTILE)


def test_without_script_the_page_still_says_everything(browser: Any, live_server: Any) -> None:
    document = issued(make_draft(IssuerFactory()))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    open_as_customer(page, live_server, document)
    expect(page.locator(".grand td")).to_have_text("$113.00")
    context.close()
