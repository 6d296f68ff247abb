"""A choice larger than a page: summed up, confirmed once, and done for exactly the rows that were asked about."""

import re
from typing import Any

import pytest
from django.test import Client

from config.admin import confirm, each, lists
from smartbill.admin import actions
from smartbill.lifecycle import Status
from smartbill.models import Document, SendOrder
from smartbill.services import send
from smartbill.services.send_orders import carry_out_orders
from tests.factories.documents import make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/document/"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows are many."""
    monkeypatch.setattr(confirm, "MOST_ROWS", 2)
    monkeypatch.setattr(each, "MOST_TOLD", 2)
    monkeypatch.setattr(each, "MOST_NAMED", 1)
    monkeypatch.setattr(send, "BATCH", 2)


@pytest.fixture
def client() -> Client:
    return signed_in("smartbill.view_document", "smartbill.submit_document")


@pytest.fixture
def documents() -> list[Document]:
    """Three that wait and two that are held."""
    issuer = IssuerFactory.create()
    states = [Status.READY] * 3 + [Status.HELD] * 2
    return [make_document(status, issuer=issuer, next_at=None) for status in states]


def ask(client: Client, row: Document, query: str = "") -> Any:
    fields = {"action": "send", "index": "0", "select_across": "1", "_selected_action": [row.pk]}
    return client.post(f"{LIST}{query}", fields)


def answer(client: Client, page: Any) -> list[str]:
    """Answer as the form of the page would."""
    chosen, token = page.context["chosen"], page.context["token"]
    done = client.post(LIST, {"action": "send", "_selected_action": chosen, "_confirmed": token}, follow=True)
    return [str(message) for message in done.context["messages"]]


def test_the_question_sums_up_what_it_does_not_show(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0])
    text = re.sub(r"<[^>]+>|\s+", " ", page.content.decode())
    assert "5 rows were chosen. Shown below: 2." in text
    assert [(str(line.label), line.count, line.amount, line.applies) for line in page.context["summary"]] == [
        ("Ready to send", 3, "339.00 USD", True),
        ("Held", 2, "226.00 USD", False),
    ]
    assert (len(page.context["rows"]), len(page.context["chosen"])) == (2, 1)
    assert not Document.objects.filter(next_at__isnull=False).exists()


def test_the_answer_is_about_all_of_them_and_told_by_reason(client: Client, documents: list[Document]) -> None:
    told = answer(client, ask(client, documents[0]))
    assert told[0] == "3 rows: queued to be sent"
    assert re.fullmatch(
        r"2 rows: refused\. This cannot be done while the document is “Held”\. "
        r"\w+ · Ana López · 113\.00 USD and 1 more",
        told[1],
    )
    assert len(told) == 2
    carry_out_orders()
    due = Document.objects.filter(next_at__isnull=False)
    assert set(due) == set(documents[:3])


def test_a_double_click_orders_once(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0])
    answer(client, page)
    assert answer(client, page) == ["This was confirmed before; it was done once and not a second time."]
    assert SendOrder.objects.count() == 1


def test_what_joined_the_list_after_the_question_is_not_sent(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0], "?status__exact=ready")
    late = make_document(Status.READY, issuer=documents[0].issuer, next_at=None)
    assert answer(client, page) == ["3 rows: queued to be sent"]
    carry_out_orders()
    late.refresh_from_db()
    assert late.next_at is None


def test_the_token_of_a_large_choice_serves_nobody_else(client: Client, documents: list[Document]) -> None:
    page = ask(client, documents[0])
    other = signed_in("smartbill.view_document", "smartbill.submit_document")
    assert answer(other, page) == ["This page was too old or about something else. Please look again and confirm."]
    assert not SendOrder.objects.exists()


def test_an_action_is_never_about_more_rows_than_the_list_counts() -> None:
    assert actions.MOST_SENT == lists.MOST_COUNTED
