"""Bulk work, readiness and alert webhooks in a real browser: no error, no page wider than a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from config.jobs import freeze
from config.models import Job
from config.tasks import drain_jobs
from notifications.models import AlertWebhook
from smartbill.lifecycle import Status
from smartbill.models import Document
from tests.factories.documents import make_document
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db(transaction=True)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
HOSTILE = "<img src=x onerror=alert(1)>"
LOOKS = [(width, scheme) for width in (1280, 400, 360) for scheme in ("light", "dark")]


@pytest.fixture
def documents() -> list[Document]:
    issuer = IssuerFactory.create(slug="acme-sv")
    waiting = [make_document(Status.READY, issuer=issuer, next_at=None) for _each in range(12)]
    return [*waiting, *(make_document(Status.HELD, issuer=issuer, customer_name=HOSTILE) for _each in range(3))]


def look_well(desk: Page, name: str) -> None:
    """Check each width in light and dark: nothing wider than the screen, and enough contrast."""
    for width, scheme in LOOKS:
        desk.set_viewport_size({"width": width, "height": 900})
        desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        beyond = desk.locator("html").evaluate("node => node.scrollWidth - node.clientWidth")
        assert beyond == 0, f"{name} at {width}: {beyond} px too wide"
        assert desk.evaluate(CONTRAST) == [], f"{name} at {width}, {scheme}"
    desk.set_viewport_size({"width": 1280, "height": 900})


def test_all_that_match_are_sent_as_a_job_that_shows_how_far_it_is(
    desk: Page, live_server: Any, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze, "BATCH", 4)
    monkeypatch.setattr("smartbill.admin.documents.DocumentAdmin.list_per_page", 5)
    desk.goto(f"{live_server.url}/admin/smartbill/document/")
    desk.locator("select[name=action]").select_option("send")
    desk.get_by_label("all 15 rows that match, not only those ticked").check()
    desk.locator(".actions button").click()
    expect(desk.locator(".bulk")).to_contain_text("15 rows, in the background.")
    look_well(desk, "the question")
    desk.locator(".answers button").dblclick()
    expect(desk.locator("h1")).to_have_text("Send now")
    expect(desk.locator(".progress")).to_contain_text("0 of 15 rows")
    job = Job.objects.get()
    drain_jobs()
    expect(desk.locator(".progress")).to_contain_text("15 of 15 rows", timeout=10_000)
    expect(desk.locator(".head .badge")).to_have_text("Done")
    expect(desk.locator(".panel", has_text="What was skipped, and why").first).to_contain_text("“Held”")
    desk.locator(".tabs a", has_text="refused").click()
    expect(desk.locator("tbody tr", has_text=HOSTILE)).to_have_count(3)
    look_well(desk, "the job")
    with desk.expect_download() as download:
        desk.locator("a", has_text="what was refused").click()
    assert download.value.path().read_text("utf-8-sig").count("\n") == 4
    assert (Job.objects.count(), job.rows.count()) == (1, 15)


def test_the_list_of_what_is_missing_leads_to_where_it_is_mended(
    desk: Page, live_server: Any, documents: list[Document]
) -> None:
    desk.goto(f"{live_server.url}/admin/")
    desk.locator("#menu").get_by_role("link", name="Ready to go live?").click()
    expect(desk.locator("h1")).to_have_text("Ready to go live?")
    look_well(desk, "readiness")
    point = desk.locator(".points li", has_text="API keys and their roles · acme-sv")
    expect(point).to_contain_text("No usable API key.")
    point.get_by_role("link").click()
    expect(desk.locator("h1")).to_have_text("API keys")


def test_a_webhook_is_set_up_and_tried(desk: Page, live_server: Any) -> None:
    desk.goto(f"{live_server.url}/admin/notifications/alertwebhook/add/")
    desk.fill("#id_name", "Ops chat")
    desk.fill("#id_new_url", "https://hooks.slack.example/services/T0/B0/secret")
    look_well(desk, "a new webhook")
    desk.locator("input[name=_save]").click()
    expect(desk.locator(".field-hint")).to_have_text("hooks.slack.example …cret")
    desk.goto(f"{live_server.url}/admin/notifications/alertroute/add/")
    desk.locator("#id_webhook").select_option("Ops chat")
    desk.locator("input[name=_save]").click()
    expect(desk.locator(".field-kind_name")).to_contain_text("Every alert")
    look_well(desk, "the routes")
    desk.locator("#action-toggle").check()
    desk.locator("select[name=action]").select_option("send_test")
    desk.locator(".actions button").click()
    desk.locator(".answers button").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("queued")
    assert AlertWebhook.objects.get().posts.count() == 1
    desk.goto(f"{live_server.url}/admin/notifications/webhookpost/")
    expect(desk.locator("#result_list")).to_contain_text("A test alert")
    look_well(desk, "the posts")
