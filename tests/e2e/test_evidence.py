"""The evidence of a doubt in a real browser: read on a phone, downloaded to the byte, decided by two people."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from smartbill.lifecycle import Status
from smartbill.models import Document, Evidence, Proposal
from tests.factories.documents import make_attempt, make_document
from tests.factories.people import make_staff
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db(transaction=True)
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
REQUEST = b'{"total": 10.00, "notes": "' + b"x" * 300 + b'"}'


@pytest.fixture
def document() -> Document:
    issuer = IssuerFactory.create(second_person_above=Decimal("50"))
    document = make_document(Status.UNKNOWN, issuer=issuer, customer_name=HOSTILE)
    attempt = make_attempt(
        document, outcome="unknown", answer=None, http_status=None, request=REQUEST, worker="w" * 100,
        request_sha256=hashlib.sha256(REQUEST).hexdigest(), api_key=ApiKeyFactory.create(issuer=issuer),
        deadline_at=now() - timedelta(days=1),
    )  # fmt: skip
    Evidence.objects.create(attempt=attempt, http_status=502, answer=HOSTILE.encode(), note=HOSTILE)
    Proposal.objects.create(
        document=document, attempt=attempt, answer="not_issued", reason=HOSTILE, proposed_by=make_staff()
    )
    return document


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_all_of_it_can_be_read_on_any_screen(desk: Page, live_server: Any, document: Document, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 800})
    desk.goto(f"{live_server.url}{document.get_absolute_url()}")
    desk.locator("a", has_text="All evidence on one page").click()
    expect(desk.locator("h1")).to_contain_text("<script>alert(2)</script>")
    expect(desk.locator("pre.raw").first).to_contain_text('"total": 10.00')
    assert desk.locator("html").evaluate("node => node.scrollWidth - node.clientWidth") == 0
    assert desk.evaluate(CONTRAST) == []


def test_the_exact_bytes_are_downloaded(desk: Page, live_server: Any, document: Document) -> None:
    desk.goto(f"{live_server.url}/admin/smartbill/document/{document.pk}/evidence/")
    with desk.expect_download() as download:
        desk.locator("a", has_text="Download the exact bytes").first.click()
    assert Path(download.value.path()).read_bytes() == REQUEST


def test_the_second_person_declines_from_the_evidence(desk: Page, live_server: Any, document: Document) -> None:
    desk.goto(f"{live_server.url}/admin/")
    desk.locator(".card", has_text="Waits for a second person").click()
    expect(desk.locator("#result_list tbody tr")).to_have_count(1)
    desk.goto(f"{live_server.url}/admin/smartbill/document/{document.pk}/evidence/")
    desk.locator(".acts button", has_text="Withdraw or decline").click()
    desk.fill("textarea", "I see it at the provider.")
    desk.locator(".answers button").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("ended without effect")
    assert Proposal.objects.get().ending == "declined"
