"""Rates, windows and residual cents in a real browser, under the strict policy and on a phone."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from billing.models import ExchangeRate
from smartbill.drafts import Conversion, Residual
from smartbill.lifecycle import Kind
from smartbill.models import Document
from tests.factories.documents import make_document
from tests.factories.smartbill import COMPANY, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db(transaction=True)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
FILE = "currency,into,day,rate,source\nEUR,USD,2026-11-17,1.07,BCE\n"
LONG = "Servicio de consultoría para la implementación de la facturación electrónica"


def width_beyond_the_screen(page: Page) -> int:
    beyond: int = page.locator("html").evaluate("node => node.scrollWidth - node.clientWidth")
    return beyond


@pytest.fixture
def document() -> Document:
    issuer = IssuerFactory.create()
    draft = make_draft(issuer, kind="ccf", party=COMPANY)
    lines = tuple(replace(line, description=LONG, charged=Decimal("104.27")) for line in draft.lines)
    rate = Conversion(
        currency="EUR", total=Decimal("104.27"), rate=Decimal("1.0837"), on=date(2026, 11, 20), source="Banco Central"
    )
    residual = Residual(line=0, part="tax", amount=Decimal("0.01"), cause="invoice_tax")
    draft = replace(draft, lines=lines, conversion=rate, residuals=(residual,))
    columns = {"charged_currency": "EUR", "charged_total": rate.total, "exchange_rate": rate.rate}
    return make_document(issuer=issuer, draft=draft, kind=Kind.CCF, stamped_at=now() - timedelta(hours=1), **columns)


@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_of_a_converted_document_fits_and_can_be_read(
    desk: Page, live_server: Any, document: Document, width: int
) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(f"{live_server.url}{document.get_absolute_url()}")
    for heading in ("Conversion", "Residual cents, and which line took them", "Legal deadlines"):
        expect(desk.get_by_role("heading", name=heading)).to_be_visible()
    assert width_beyond_the_screen(desk) == 0
    assert desk.evaluate(CONTRAST) == []
    desk.locator(".acts button", has_text="Invalidate").click()
    expect(desk.locator(".asks .help")).to_contain_text("safe until")
    assert width_beyond_the_screen(desk) == 0
    assert desk.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [390, 1400])
def test_rates_come_from_a_file_that_is_shown_before_it_is_stored(desk: Page, live_server: Any, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 900})
    desk.goto(f"{live_server.url}/admin/billing/exchangerate/")
    desk.get_by_role("link", name="Import a file").click()
    desk.set_input_files("input[type=file]", {"name": "r.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    desk.get_by_role("button", name="Show what the file would do").click()
    expect(desk.locator("table.stack tbody tr")).to_have_count(1)
    assert ExchangeRate.objects.count() == 0
    assert width_beyond_the_screen(desk) == 0
    assert desk.evaluate(CONTRAST) == []
    desk.get_by_role("button", name="Store these rates").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("1 rates stored")
    expect(desk.locator("#result_list tbody tr")).to_contain_text("1 EUR = 1.07 USD")
    assert width_beyond_the_screen(desk) == 0


def test_the_calendar_shows_the_usual_days_on_demand(desk: Page, live_server: Any) -> None:
    desk.goto(f"{live_server.url}/admin/smartbill/holiday/")
    desk.locator("summary").click()
    expect(desk.locator("details tbody tr").first).to_be_visible()
    assert desk.evaluate(CONTRAST) == []
