"""The customer's form in a real browser: quiet without script, usable on a phone, readable by day and by night."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from billing.models import TaxRequest
from billing.services.review_buyer import review_due_buyers
from smartbill.models import Document
from tests.e2e.test_admin import width_beyond_the_screen
from tests.factories.held import TYPED, held_sale

pytestmark = pytest.mark.django_db(transaction=True)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.fixture
def asked() -> TaxRequest:
    held_sale()
    review_due_buyers()
    return TaxRequest.objects.get()


def open_form(page: Page, live_server: Any, asked: TaxRequest) -> None:
    page.goto(f"{live_server.url}/t/{asked.token}/")


def test_a_company_completes_its_data_and_the_document_is_released(
    quiet_page: Page, live_server: Any, asked: TaxRequest
) -> None:
    open_form(quiet_page, live_server, asked)
    quiet_page.check("input[name=kind][value=company]")
    for name in ("legal_name", "id_number", "nrc", "line", "email"):
        quiet_page.fill(f"[name={name}]", TYPED[name])
    for name in ("id_type", "activity_code", "municipality"):
        quiet_page.select_option(f"[name={name}]", TYPED[name])
    quiet_page.click("button[type=submit]")
    expect(quiet_page.locator("form")).to_have_count(0)
    review_due_buyers()
    assert (Document.objects.get().status, Document.objects.get().kind) == ("ready", "ccf")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_form_and_its_faults_fit_and_can_be_read(
    browser: Any, live_server: Any, asked: TaxRequest, width: int, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    open_form(page, live_server, asked)
    assert width_beyond_the_screen(page) == 0
    assert page.evaluate(CONTRAST) == []
    page.check("input[name=kind][value=company]")
    page.fill("[name=nrc]", "1")
    page.click("button[type=submit]")
    expect(page.locator(".errors")).to_be_visible()
    assert width_beyond_the_screen(page) == 0
    assert page.evaluate(CONTRAST) == []
    page.close()


def test_every_field_has_a_name_and_a_fault_is_tied_to_its_field(
    quiet_page: Page, live_server: Any, asked: TaxRequest
) -> None:
    open_form(quiet_page, live_server, asked)
    unnamed = "[...document.querySelectorAll('input:not([type=hidden]),select')].filter(x => !x.labels.length).length"
    assert quiet_page.evaluate(unnamed) == 0
    expect(quiet_page.locator("h1")).to_have_count(1)
    # Chrome reports the answer 422 to the form as a failed resource; here it is the point, so it is asked for in code.
    expect(quiet_page.locator("#field-nrc label")).to_be_visible()
