"""An outage in a real browser, under the strict policy: its page, the event that is recorded, and its report."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import localtime, now
from playwright.sync_api import Page, expect

from smartbill.services.outage_look_after import look_after
from tests.factories.outages import enter, seal, the_outage
from tests.factories.smartbill import IssuerFactory, make_draft

pytestmark = pytest.mark.django_db(transaction=True)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
HOUR = timedelta(hours=1)


@pytest.fixture
def outage() -> Any:
    issuer = IssuerFactory.create()
    documents = []
    for number in range(4):
        draft = make_draft(issuer, total=f"{113 + number}.50", source=f"invoice:in_{number}")
        documents.append(enter(issuer, ago=(13 - number) * HOUR, draft=draft))
    seal(documents[0])
    seal(documents[1], show=False)
    look_after(the_outage())
    return the_outage()


def width_beyond_the_screen(page: Page) -> int:
    beyond: int = page.locator("html").evaluate("node => node.scrollWidth - node.clientWidth")
    return beyond


def test_the_desk_leads_to_the_outage_where_its_event_is_recorded(desk: Page, outage: Any) -> None:
    desk.reload()
    desk.locator(".card", has_text="Outage of the tax authority").click()
    desk.locator("#result_list .field-began a").click()
    expect(desk.locator(".head .badge").first).to_have_text("Over, seals outstanding")
    desk.locator(".acts button", has_text="Record the contingency event").click()
    desk.fill("input[type=datetime-local]", localtime(now() - HOUR).strftime("%Y-%m-%dT%H:%M"))
    desk.fill("input[name=confirm-number]", "2026EVENTO")
    desk.locator(".answers button").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("event recorded")
    expect(desk.get_by_text("2026EVENTO")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1400])
def test_page_and_report_fit_the_screen_and_can_be_read(desk: Page, live_server: Any, outage: Any, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(f"{live_server.url}{outage.get_absolute_url()}")
    assert width_beyond_the_screen(desk) == 0
    assert desk.evaluate(CONTRAST) == []
    desk.goto(f"{live_server.url}{outage.report_path}")
    expect(desk.locator("h1")).to_have_text("Outage report")
    expect(desk.locator(".rows tbody tr")).to_have_count(4)
    if width > 1000:
        assert width_beyond_the_screen(desk) == 0


def test_the_report_is_printed_without_its_way_back(desk: Page, live_server: Any, outage: Any) -> None:
    desk.goto(f"{live_server.url}{outage.report_path}")
    expect(desk.locator(".back")).to_be_visible()
    desk.emulate_media(media="print")
    expect(desk.locator(".back")).to_be_hidden()
    expect(desk.locator("main")).to_contain_text("The rows add up to the sums")
