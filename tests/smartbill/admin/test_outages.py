"""Outages in the admin: what is shown, who may do what, and the report."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localtime, now

from smartbill.lifecycle import Status
from smartbill.models import Document, Outage, OutageFiling
from smartbill.services.outage_look_after import look_after
from tests.factories.outages import enter, seal, the_outage
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/outage/"
HOUR = timedelta(hours=1)
RIGHTS = {"look_up_all": "smartbill.submit_document", "record_filing": "smartbill.record_outage_filing"}
PARTS = ["report/", "documents.csv", "clocks.csv"]


def page(client: Client, outage: Outage) -> Any:
    return client.get(f"{LIST}{outage.pk}/change/")


def ask(client: Client, action: str, outage: Outage) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [outage.pk]})


def act(client: Client, action: str, outage: Outage, **fields: str) -> list[str]:
    token = ask(client, action, outage).context["token"]
    data = {"action": action, "_selected_action": [outage.pk], "_confirmed": token}
    answer = client.post(LIST, data | {f"confirm-{name}": value for name, value in fields.items()}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def body(client: Client, outage: Outage, part: str) -> str:
    answer = client.get(f"{LIST}{outage.pk}/{part}")
    assert answer.status_code == 200
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def test_the_list_says_how_each_stands_and_what_is_next() -> None:
    document = enter(ago=13 * HOUR)
    enter(document.issuer)
    seal(document)
    text = signed_in("smartbill.view_outage").get(LIST).content.decode()
    assert "Over, seals outstanding" in text
    assert "1 / 2" in text


def test_the_page_shows_evidence_legal_times_documents_and_who_files(client: Client) -> None:
    document = enter(ago=13 * HOUR)
    text = page(signed_in("smartbill.view_outage", "smartbill.view_document"), the_outage()).content.decode()
    assert "Going on" in text
    assert document.control_number[-15:] in text
    assert "10 h 59 min left" in text
    assert "Manual Funcional del Sistema de Transmisión V2.0" in text
    assert "SmartBill starts the contingency and files its event" in text
    assert "not proved yet" in text
    assert "113.00 USD" in text


def test_a_closed_outage_says_that_nothing_is_left() -> None:
    seal(enter())
    look_after(the_outage())
    answer = page(signed_in(is_superuser=True), the_outage())
    assert "Every document has its seal" in answer.content.decode()
    assert [button.name for button in answer.context["buttons"]] == ["record_filing"]


def test_a_name_of_an_issuer_is_text_and_nothing_else() -> None:
    enter(IssuerFactory.create(name="<script>alert(1)</script>"))
    client = signed_in(is_superuser=True)
    texts = [page(client, the_outage()).content.decode(), body(client, the_outage(), "report/")]
    assert all("<script>alert" not in text and "&lt;script&gt;" in text for text in texts)


@pytest.mark.parametrize("action", RIGHTS)
def test_each_action_needs_its_right(action: str) -> None:
    enter()
    others = [right for name, right in RIGHTS.items() if name != action]
    assert ask(signed_in("smartbill.view_outage", *others), action, the_outage()).status_code == 403
    assert ask(signed_in("smartbill.view_outage", RIGHTS[action]), action, the_outage()).status_code == 200


def test_all_are_asked_about_by_one_button() -> None:
    issuer = IssuerFactory.create()
    for _each in range(3):
        enter(issuer)
    Document.objects.update(next_at=now() + HOUR)
    said = act(signed_in("smartbill.view_outage", RIGHTS["look_up_all"]), "look_up_all", the_outage())
    assert "queued" in said[0]
    assert Document.objects.due(now()).filter(status=Status.CONTINGENCY).count() == 3


def test_the_event_is_recorded_with_its_number() -> None:
    enter(ago=5 * HOUR)
    client = signed_in("smartbill.view_outage", RIGHTS["record_filing"])
    at = localtime(now() - HOUR).strftime("%Y-%m-%dT%H:%M")
    said = act(client, "record_filing", the_outage(), filed_at=at, number="2026SEAL")
    assert "recorded" in said[0]
    assert OutageFiling.objects.get().number == "2026SEAL"
    assert "2026SEAL" in page(client, the_outage()).content.decode()


def test_an_event_before_the_outage_is_refused_with_the_reason() -> None:
    enter(ago=HOUR)
    client = signed_in("smartbill.view_outage", RIGHTS["record_filing"])
    at = localtime(now() - 5 * HOUR).strftime("%Y-%m-%dT%H:%M")
    said = act(client, "record_filing", the_outage(), filed_at=at, number="1")
    assert "before the first document" in said[0]
    assert not OutageFiling.objects.exists()


@pytest.mark.parametrize("part", PARTS)
def test_the_report_needs_the_right_to_see_documents(part: str) -> None:
    enter()
    url = f"{LIST}{the_outage().pk}/{part}"
    assert Client().get(url).status_code == 302
    for rights in ([], ["smartbill.view_outage"], ["smartbill.view_document"]):
        assert signed_in(*rights).get(url).status_code == 403
    answer = signed_in("smartbill.view_outage", "smartbill.view_document").get(url)
    assert answer.status_code == 200
    assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))


def test_the_report_has_every_document_no_script_and_sums_that_tie() -> None:
    issuer = IssuerFactory.create()
    documents = [enter(issuer) for _each in range(3)]
    seal(documents[0])
    client = signed_in("smartbill.view_outage", "smartbill.view_document")
    answer = client.get(f"{LIST}{the_outage().pk}/report/")
    text = answer.content.decode()
    assert all(document.control_number in text for document in documents)
    assert "339.00 USD" in text
    assert "The rows add up to the sums" in text
    assert "<script" not in text
    assert "style=" not in text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "America/El_Salvador" in text


def test_the_tables_are_files_of_their_own() -> None:
    document = enter()
    client = signed_in("smartbill.view_outage", "smartbill.view_document")
    assert document.control_number in body(client, the_outage(), "documents.csv")
    assert "event," in body(client, the_outage(), "clocks.csv")


def test_a_report_of_nothing_is_not_found() -> None:
    assert signed_in(is_superuser=True).get(f"{LIST}999/report/").status_code == 404


def test_the_desk_counts_what_goes_on_and_what_runs_out() -> None:
    enter(ago=13 * HOUR)
    enter(ago=HOUR)
    cards = signed_in("smartbill.view_outage").get("/admin/").context["urgent"]
    assert {card.problem.key: card.count for card in cards} == {"clock": 1, "open": 2}


def test_the_page_of_a_document_leads_to_its_outage() -> None:
    document = enter()
    text = signed_in(is_superuser=True).get(document.get_absolute_url()).content.decode()
    assert the_outage().get_absolute_url() in text


def test_what_is_closed_leaves_the_desk() -> None:
    seal(enter())
    look_after(the_outage())
    assert signed_in("smartbill.view_outage").get("/admin/").context["urgent"] == []
