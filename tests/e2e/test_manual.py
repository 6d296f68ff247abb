"""The form for a document without Stripe, the check of a sale and the legal limits in a real browser and on a phone."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from billing.models import ManualEntry
from tests.e2e.test_money import CONTRAST, width_beyond_the_screen
from tests.factories.billing import StripeEndpointFactory
from tests.factories.manual import entered_sale
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db(transaction=True)
CLERK = "billing.add_manualentry"


def keep(page: Page, name: str) -> None:
    """Keep a picture where somebody asked for one."""
    if folder := os.environ.get("SELLO_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def fits_and_can_be_read(page: Page) -> None:
    assert width_beyond_the_screen(page) == 0
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [400, 1280])
def test_a_document_is_made_by_hand(desk: Page, live_server: Any, width: int) -> None:
    endpoint = StripeEndpointFactory.create()
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(f"{live_server.url}/admin/billing/manualentry/add/")
    fits_and_can_be_read(desk)
    keep(desk, f"form-{width}")
    desk.select_option("#id_endpoint", str(endpoint.pk))
    desk.select_option("#id_expects_payment", "yes")
    desk.fill("#id_legal_name", "Ana López")
    desk.fill("#id_lines-0-description", "Plan Pro")
    desk.fill("#id_lines-0-unit_price", "113.00")
    desk.get_by_role("button", name="More lines").click()
    desk.fill("#id_lines-3-description", "Capacitación")
    desk.fill("#id_lines-3-unit_price", "1250.00")
    desk.select_option("#id_lines-3-tax", "exempt:in")
    desk.get_by_role("button", name="Show what would be issued").click()
    expect(desk.locator("#preview .sum")).to_have_text("1,363.00 USD")
    expect(desk.locator("#preview")).to_contain_text("asked for, not demanded")
    fits_and_can_be_read(desk)
    keep(desk, f"preview-{width}")
    desk.get_by_role("button", name="Issue it now").dblclick()
    expect(desk.locator("#content")).to_contain_text("manual:", timeout=30_000)
    assert ManualEntry.objects.count() == 1


@pytest.mark.parametrize("width", [400, 1280])
def test_the_check_names_every_reason_and_leads_to_where_it_is_mended(desk: Page, live_server: Any, width: int) -> None:
    sale = entered_sale(StripeEndpointFactory.create(), make_staff(CLERK), buyer={"nrc": "123456", "country": "SV"})
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(f"{live_server.url}/admin/billing/sale/{sale.pk}/change/")
    fits_and_can_be_read(desk)
    desk.get_by_role("link", name="All reasons and warnings").click()
    expect(desk.locator("tbody").first).to_contain_text("Enter the buyer's e-mail address.")
    fits_and_can_be_read(desk)
    keep(desk, f"check-{width}")
    desk.get_by_role("link", name="Buyer's tax data").first.click()
    expect(desk.locator("#content")).to_contain_text("123456")


@pytest.mark.parametrize("width", [400, 1280])
def test_the_legal_limits_say_what_is_in_force(desk: Page, live_server: Any, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(f"{live_server.url}/admin/smartbill/legallimit/")
    expect(desk.locator("#result_list")).to_contain_text("25,000.00 USD")
    fits_and_can_be_read(desk)
    keep(desk, f"limits-{width}")
