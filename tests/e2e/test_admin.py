"""The desk in a real browser, under the strict policy: what staff do all day, by mouse, by keyboard and on a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from notifications.models import Message
from smartbill.lifecycle import Status
from smartbill.models import Document
from tests.factories.documents import make_attempt, make_document
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db(transaction=True)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


@pytest.fixture
def documents() -> dict[str, Document]:
    issuer = IssuerFactory.create()
    key = ApiKeyFactory.create(issuer=issuer)
    made = {status: make_document(status, issuer=issuer) for status in Status.values}
    make_attempt(made[Status.STAMPED], api_key=key)
    return made


def open_page(desk: Page, live_server: Any, document: Document) -> None:
    desk.goto(f"{live_server.url}{document.get_absolute_url()}")


def width_beyond_the_screen(page: Page) -> int:
    # Through a locator, which waits for the element: a page that is being replaced has none for a moment.
    beyond: int = page.locator("html").evaluate("node => node.scrollWidth - node.clientWidth")
    return beyond


def test_the_desk_leads_from_a_count_to_a_stamped_documents_invalidation(
    desk: Page, documents: dict[str, Document]
) -> None:
    desk.reload()
    expect(desk.locator("h1")).to_have_text("What needs you now")
    desk.locator(".card", has_text="In doubt").click()
    expect(desk.locator("#result_list tbody tr")).to_have_count(2)
    desk.locator("#menu").get_by_role("link", name="Documents", exact=True).click()
    desk.fill("#searchbar", documents[Status.STAMPED].control_number)
    desk.press("#searchbar", "Enter")
    desk.locator("#result_list .field-number a").click()
    desk.locator(".acts button", has_text="Invalidate").click()
    expect(desk.locator(".consequence")).to_contain_text("lose their legal value")
    expect(desk.locator(".confirm .field-customer")).to_contain_text("Ana López")
    desk.locator(".answers button").click()
    expect(desk.locator(".errorlist")).to_have_text("This field is required.")
    desk.fill("textarea", "Refunded to the customer.")
    desk.locator(".answers button").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("invalidation queued")
    expect(desk.locator(".timeline li").first).to_contain_text("Refunded to the customer.")
    assert Document.objects.get(pk=documents[Status.STAMPED].pk).status == Status.INVALIDATING


def test_a_double_click_on_the_confirmation_acts_once(
    desk: Page, live_server: Any, documents: dict[str, Document]
) -> None:
    open_page(desk, live_server, documents[Status.STAMPED])
    desk.locator(".acts button", has_text="Send the mail again").click()
    desk.fill("textarea", "Lost.")
    desk.locator(".answers button").dblclick()
    expect(desk.locator(".messagelist li").first).to_be_visible()
    assert Message.objects.count() == 1


def test_several_rows_are_sent_from_the_list(desk: Page, live_server: Any, documents: dict[str, Document]) -> None:
    desk.goto(f"{live_server.url}/admin/smartbill/document/")
    desk.locator("#action-toggle").check()
    # The oldest is left out: what is more than ten becomes a job.
    desk.locator("tbody .action-select").last.uncheck()
    desk.select_option("select[name=action]", "send")
    desk.locator(".actions button", has_text="Go").click()
    expect(desk.locator(".confirm tbody tr")).to_have_count(len(Status.values) - 1)
    expect(desk.get_by_text("will be refused in this state")).to_have_count(len(Status.values) - 2)
    desk.locator(".answers button").click()
    expect(desk.locator(".messagelist .success")).to_have_count(1)
    expect(desk.locator(".messagelist .warning")).to_have_count(len(Status.values) - 2)


def test_a_filter_opens_and_filters_by_keyboard(desk: Page, live_server: Any, documents: dict[str, Document]) -> None:
    desk.goto(f"{live_server.url}/admin/smartbill/document/")
    summary = desk.locator(".pick summary", has_text="Status")
    summary.focus()
    desk.keyboard.press("Enter")
    desk.locator(".pick[open] a", has_text="Rejected").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("#result_list tbody tr")).to_have_count(1)
    expect(desk.locator(".pick summary", has_text="Status")).to_contain_text("Rejected")


def test_the_first_tab_offers_to_skip_to_the_content(desk: Page) -> None:
    desk.keyboard.press("Tab")
    expect(desk.locator(".skip-to-content-link")).to_be_focused()


def test_set_up_is_typed_into_forms(desk: Page, live_server: Any, documents: dict[str, Document]) -> None:
    desk.goto(f"{live_server.url}/admin/smartbill/apikey/add/")
    desk.select_option("#id_issuer", index=1)
    desk.fill("#id_label", "Till")
    desk.select_option("#id_role", "manager")
    desk.fill("#id_public_key", "pub_1")
    desk.fill("#id_new_private_key", "prv_secret_7Qx2")
    desk.locator("input[name=_save]").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("Till (…7Qx2)")
    assert "prv_secret" not in desk.content()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_reaches_beyond_the_screen(
    desk: Page, live_server: Any, documents: dict[str, Document], width: int
) -> None:
    desk.set_viewport_size({"width": width, "height": 800})
    addresses = ["", "smartbill/document/", "billing/inboundevent/", "smartbill/issuer/add/", "auth/group/add/"]
    addresses += [f"smartbill/document/{document.pk}/change/" for document in documents.values()]
    for address in addresses:
        desk.goto(f"{live_server.url}/admin/{address}")
        assert (address, width_beyond_the_screen(desk)) == (address, 0)
    open_page(desk, live_server, documents[Status.HELD])
    desk.locator(".acts button", has_text="Correct").click()
    expect(desk.locator("form.confirm")).to_be_visible()
    assert width_beyond_the_screen(desk) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(
    desk: Page, live_server: Any, documents: dict[str, Document], scheme: Any
) -> None:
    desk.emulate_media(color_scheme=scheme)
    addresses = ["", "smartbill/document/", "smartbill/issuer/add/", "auth/group/add/"]
    addresses += [f"smartbill/document/{document.pk}/change/" for document in documents.values()]
    for address in addresses:
        desk.goto(f"{live_server.url}/admin/{address}")
        assert (address, desk.evaluate(CONTRAST)) == (address, [])
    open_page(desk, live_server, documents[Status.STAMPED])
    desk.locator(".acts button", has_text="Invalidate").click()
    expect(desk.locator("form.confirm")).to_be_visible()
    assert desk.evaluate(CONTRAST) == []


def test_hostile_names_are_text_on_every_page(desk: Page, live_server: Any) -> None:
    document = make_document(Status.HELD, customer_name=HOSTILE, customer_email=HOSTILE, reason=HOSTILE)
    desk.goto(f"{live_server.url}/admin/smartbill/document/")
    expect(desk.locator("td.field-customer")).to_contain_text("<script>alert(2)</script>")
    open_page(desk, live_server, document)
    expect(desk.locator(".head h1")).to_contain_text("<script>alert(2)</script>")
    desk.locator(".acts button", has_text="Abandon").click()
    expect(desk.locator("td.field-customer")).to_contain_text("<script>alert(2)</script>")
