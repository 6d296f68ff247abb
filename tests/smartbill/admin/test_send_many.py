"""A choice larger than a page: summed up, confirmed once, and done for exactly the rows that were asked about."""

import re
from typing import Any

import pytest
from django.test import Client

from config.admin import confirm
from config.jobs import freeze
from config.models import Job
from config.tasks import drain_jobs
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent
from tests.factories.documents import make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/document/"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows are many."""
    monkeypatch.setattr(confirm, "MOST_ROWS", 2)
    monkeypatch.setattr(confirm, "FEW_ROWS", 2)
    monkeypatch.setattr(freeze, "BATCH", 2)


@pytest.fixture
def client() -> Client:
    return signed_in("smartbill.view_document", "smartbill.submit_document", "config.view_job")


@pytest.fixture
def documents() -> list[Document]:
    """Three that wait and two that are held."""
    issuer = IssuerFactory.create()
    states = [Status.READY] * 3 + [Status.HELD] * 2
    return [make_document(status, issuer=issuer, next_at=None) for status in states]


def ask(client: Client, row: Document, query: str = "") -> Any:
    fields = {"action": "send", "index": "0", "select_across": "1", "_selected_action": [row.pk]}
    return client.post(f"{LIST}{query}", fields)


def answer(client: Client, page: Any) -> Any:
    """Answer as the form of the page would; return the page it leads to."""
    chosen, token = page.context["chosen"], page.context["token"]
    return client.post(LIST, {"action": "send", "_selected_action": chosen, "_confirmed": token}, follow=True)


def told(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def outcomes(job: Job) -> list[tuple[str, str, str]]:
    return list(job.rows.values_list("key", "outcome", "words"))


def test_the_question_sums_up_what_it_does_not_show(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0])
    text = re.sub(r"<[^>]+>|\s+", " ", page.content.decode())
    assert "5 rows were chosen. Shown below: 2." in text
    assert [tuple(line.values()) for line in page.context["summary"]] == [
        ("Ready to send", 3, "339.00 USD", True),
        ("Held", 2, "226.00 USD", False),
    ]
    assert (len(page.context["rows"]), len(page.context["chosen"])) == (2, 1)
    assert not Document.objects.filter(next_at__isnull=False).exists()


def test_the_answer_leads_to_a_job_that_does_all_of_them(client: Client, documents: list[Document]) -> None:
    shown = answer(client, ask(client, documents[0]))
    job = Job.objects.get()
    assert shown.redirect_chain == [(f"/admin/config/job/{job.pk}/change/", 302)]
    assert told(shown) == ["It has begun. This page shows how far it is; you need not keep it open."]
    assert (job.state, job.total, list(job.batches.values_list("first", flat=True))) == ("running", 5, [0, 2, 4])
    drain_jobs()
    job.refresh_from_db()
    assert (job.state, job.done, job.refused, job.failed, job.position) == ("done", 3, 2, 0, 5)
    held = "This cannot be done while the document is “Held”."
    assert outcomes(job) == [
        *((str(document.pk), "done", "queued to be sent") for document in documents[:3]),
        *((str(document.pk), "refused", held) for document in documents[3:]),
    ]
    assert set(Document.objects.filter(next_at__isnull=False)) == set(documents[:3])
    assert DocumentEvent.objects.filter(actor=job.actor).count() == 3


def test_a_double_click_begins_one_job(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0])
    first, second = answer(client, page), answer(client, page)
    assert told(second) == ["This was confirmed before; it was done once and not a second time."]
    assert first.redirect_chain == second.redirect_chain
    drain_jobs()
    assert told(answer(client, page)) == ["This was confirmed before; it was done once and not a second time."]
    drain_jobs()
    assert (Job.objects.count(), DocumentEvent.objects.exclude(actor=None).count()) == (1, 3)


def test_what_joined_the_list_after_the_question_is_not_sent(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0], "?status__exact=ready")
    late = make_document(Status.READY, issuer=documents[0].issuer, next_at=None)
    answer(client, page)
    drain_jobs()
    assert Job.objects.get().done == 3
    late.refresh_from_db()
    assert late.next_at is None


def test_the_token_of_a_large_choice_serves_nobody_else(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0])
    other = signed_in("smartbill.view_document", "smartbill.submit_document")
    assert told(answer(other, page)) == [
        "This page was too old or about something else. Please look again and confirm."
    ]
    assert Job.objects.get().state == "asked"


def test_all_that_match_are_chosen_without_a_tick_and_without_a_script(
    client: Client, documents: list[Document]
) -> None:
    page = client.post(f"{LIST}?status__exact=ready", {"action": "send", "index": "0", "select_across": "1"})
    assert (page.status_code, Job.objects.get().total) == (200, 3)


def test_nobody_who_lost_the_right_meanwhile_sends_anything(client: Client, documents: list[Document]) -> None:
    answer(client, ask(client, documents[0]))
    job = Job.objects.get()
    job.actor.user_permissions.clear()
    drain_jobs()
    job.refresh_from_db()
    assert (job.state, job.done, job.refused) == ("done", 0, 5)
    assert set(job.rows.values_list("words", flat=True)) == {"You lack the permission smartbill.submit_document."}
    assert not Document.objects.filter(next_at__isnull=False).exists()
