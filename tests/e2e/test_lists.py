"""Every list on a desk and on a phone: nothing reaches beyond the screen, and no value is left out of a card."""

from typing import Any

import pytest
from django.contrib import admin
from playwright.sync_api import Page

from smartbill.lifecycle import Status
from smartbill.models import Outage
from tests.factories.documents import make_document
from tests.factories.held import held_sale
from tests.factories.outages import enter, the_outage
from tests.factories.rules import make_approval
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db(transaction=True)
MEASURED = """() => {
  const page = document.scrollingElement, box = document.querySelector('.results');
  const seen = node => node.getBoundingClientRect();
  const cells = [...document.querySelectorAll('#result_list tbody :is(td, th)')];
  const beyond = cells.filter(cell => seen(cell).right > seen(box).right + 1);
  return {
    page: page.scrollWidth - page.clientWidth,
    beyond: beyond.map(cell => cell.className),
    hidden: cells.filter(cell => !seen(cell).width).map(cell => cell.className),
    unnamed: cells.filter(cell => !cell.dataset.label && !cell.matches('.action-checkbox')).map(cell => cell.className),
  };
}"""
FITS = {"page": 0, "beyond": [], "hidden": [], "unnamed": []}


@pytest.fixture
def rows() -> Outage:
    issuer = IssuerFactory.create()
    for status in Status.values:
        make_document(status, issuer=issuer)
    held_sale()
    make_approval(issuer, amount=123456789)
    enter()
    return the_outage()


@pytest.mark.parametrize("width", [1280, 390])
def test_every_list_fits_and_every_value_is_seen(desk: Page, live_server: Any, rows: Outage, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 800})
    found = {}
    for each in admin.site._registry.values():
        desk.goto(live_server.url + each.list_url())  # type: ignore[attr-defined]
        found[each.opts.label_lower] = desk.evaluate(MEASURED)
    assert {name: measured for name, measured in found.items() if measured != FITS} == {}


def test_the_printed_report_can_be_read_on_a_phone(desk: Page, live_server: Any, rows: Outage) -> None:
    desk.set_viewport_size({"width": 390, "height": 800})
    desk.goto(live_server.url + rows.report_path)
    assert desk.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth") == 0
