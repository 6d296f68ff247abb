from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from notifications.models import MessageEvent
from smartbill.drafts import Line, Provenance
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent, DocumentLink, Evidence, ReadingRecord
from smartbill.services.link import link_for
from tests.factories.documents import make_attempt, make_document
from tests.factories.notifications import MessageFactory
from tests.factories.people import make_staff, signed_in
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory, make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in("smartbill.view_document")


def page_of(client: Client, document: Document) -> Any:
    return client.get(f"/admin/smartbill/document/{document.pk}/change/")


def text_of(client: Client, document: Document) -> str:
    text: str = page_of(client, document).content.decode()
    return text


def test_each_value_says_where_it_came_from(client: Client) -> None:
    issuer = IssuerFactory.create()
    draft = make_draft(issuer)
    origin = Provenance(source="customer.tax_ids[0].value", raw="0614-000000-001-4", rule="digits only")
    draft = replace(
        draft, party=replace(draft.party, tax_id="06140000000014"), provenance={"party.tax_id": origin, "kind": origin}
    )
    page = page_of(client, make_document(issuer=issuer, draft=draft))
    rows = {row.label: row for row in page.context["page"]["party"]}
    assert (rows["Tax id"].value, rows["Tax id"].origin, rows["Tax id"].rule) == (
        "06140000000014",
        origin,
        "digits only",
    )
    assert rows["Name"].origin is None
    assert [(row.label, row.value) for row in page.context["page"]["others"]] == [("Kind", "factura")]
    assert "customer.tax_ids[0].value" in page.content.decode()


def test_lines_and_total_are_shown_in_units(client: Client) -> None:
    issuer = IssuerFactory.create()
    line = Line(
        description="Café", quantity=Decimal(2), subtotal=Decimal("100"), discount=Decimal("10"), tax=Decimal("10.35")
    )
    draft = make_draft(issuer, total="90.00", lines=(line,))
    page = page_of(client, make_document(issuer=issuer, draft=draft))
    assert page.context["page"]["lines"] == [(line, "", "100.00 USD", "10.00 USD", "10.35 USD", "90.00 USD", "", "")]
    assert page.context["page"]["lines_total"] == "90.00 USD"


def test_tax_class_and_way_of_paying_are_told_in_the_language_of_the_reader(client: Client) -> None:
    client.cookies["django_language"] = "es"
    issuer = IssuerFactory.create()
    line = Line(
        description="Libro", quantity=Decimal(1), subtotal=Decimal("5.00"), tax=Decimal(0), tax_class="not_subject"
    )
    draft = make_draft(issuer, total="5.00", lines=(line,))
    page = page_of(client, make_document(issuer=issuer, draft=draft))
    assert [row[1] for row in page.context["page"]["lines"]] == ["no sujeta"]
    assert [row[0] for row in page.context["page"]["payments"]] == ["Tarjeta de crédito"]


def test_what_was_sent_and_answered_is_shown_as_exact_text_with_its_size(client: Client) -> None:
    document = make_document()
    attempt = make_attempt(document, request=b'{"total": 10.00, "x": "<b>"}', answer=b"\xff<script>")
    Evidence.objects.create(attempt=attempt, http_status=200, answer=b"too late", note="Arrived after the deadline.")
    text = text_of(client, document)
    for part in ("{&quot;total&quot;: 10.00, &quot;x&quot;: &quot;&lt;b&gt;&quot;}", "28\xa0bytes", "�&lt;script&gt;"):
        assert part in text
    assert "Arrived after the deadline." in text
    assert "too late" in text


def test_the_private_key_never_stands_on_the_page(client: Client) -> None:
    document = make_document()
    make_attempt(document, api_key=ApiKeyFactory.create(issuer=document.issuer, private_key="prv_very_secret_7Qx2"))
    text = text_of(client, document)
    assert "prv_very_secret" not in text
    assert "Main (…7Qx2)" in text


@pytest.mark.parametrize(
    ("status", "problems", "refusals", "shown"),
    [
        (
            Status.HELD,
            [{"field": "party.nrc", "code": "x", "message": "Enter the NRC."}],
            [],
            [("NRC", "Enter the NRC.")],
        ),
        (Status.REJECTED, [], [{"field": "", "code": "095", "message": "Not registered."}], [("", "Not registered.")]),
        (Status.STAMPED, [{"field": "party.nrc", "code": "x", "message": "Old."}], [], []),
    ],
)
def test_the_page_says_what_must_be_mended(
    client: Client, status: str, problems: Any, refusals: Any, shown: list[tuple[str, str]]
) -> None:
    document = make_document(status, problems=problems)
    make_attempt(document, outcome="rejected", problems=refusals)
    assert page_of(client, document).context["page"]["problems"] == shown


def test_a_difference_to_the_authority_is_a_red_banner(client: Client) -> None:
    text = text_of(client, make_document(difference="The totals differ."))
    assert 'class="consequence differs" role="alert"' in text
    assert "The totals differ." in text


def test_one_story_from_payment_to_mail_newest_first(client: Client) -> None:
    document = make_document(occurred_at="2026-11-20T10:00:00Z")
    person = make_staff()
    for minute, (before, after, actor) in enumerate(
        [("", "held", None), ("held", "ready", person), ("ready", "submitting", None), ("submitting", "stamped", None)]
    ):
        DocumentEvent.objects.create(
            document=document, before=before, after=after, actor=actor, created_at=f"2026-11-20T10:0{minute + 1}:00Z"
        )
    mail = MessageFactory.create(reference=f"document:{document.pk}", created_at="2026-11-20T10:05:00Z")
    MessageEvent.objects.create(message=mail, name="sent", created_at="2026-11-20T10:06:00Z")
    MessageFactory.create(reference="document:999")
    story = page_of(client, document).context["page"]["story"]
    assert [(moment.what, moment.who) for moment in story] == [
        ("Revision 1 written", "by itself"),
        ("Mail 1: Sent", ""),
        (f"Mail 1 queued to {mail.recipient}", "by itself"),
        ("Stamped", "by itself"),
        ("Being sent", "by itself"),
        ("Ready to send", str(person)),
        ("Held", "by itself"),
        ("Paid", "the customer"),
    ]


def test_looking_makes_no_link_and_writes_nothing(client: Client) -> None:
    document = make_document()
    assert page_of(client, document).context["page"]["link"] == ""
    assert (DocumentLink.objects.count(), DocumentEvent.objects.count(), ReadingRecord.objects.count()) == (0, 0, 0)


def test_the_customers_page_is_linked_once_it_exists(client: Client) -> None:
    document = make_document()
    address = link_for(document)
    assert f'href="{address}" rel="noreferrer noopener"' in text_of(client, document)


def test_the_page_costs_the_same_whatever_its_history(client: Client, django_assert_max_num_queries: Any) -> None:
    document = make_document()
    with django_assert_max_num_queries(26) as small:
        page_of(client, document)
    key = ApiKeyFactory.create(issuer=document.issuer)
    for number in range(2, 12):
        Evidence.objects.create(
            attempt=make_attempt(document, number=number, outcome="not_sent", api_key=key), note="Late."
        )
        DocumentEvent.objects.create(document=document, after="stamped", actor=make_staff())
        mail = MessageFactory.create(reference=f"document:{document.pk}", number=number)
        MessageEvent.objects.create(message=mail, name="sent", actor=make_staff())
        ReadingRecord.objects.create(document=document, code=document.generation_code, state="stamped")
    # One each for the evidence, the events of the mails and the persons in them, which a first look had no use for.
    with django_assert_max_num_queries(len(small) + 3):
        page_of(client, document)


def test_a_document_that_does_not_exist_leads_back_to_the_desk(client: Client) -> None:
    assert client.get("/admin/smartbill/document/999/change/")["Location"] == "/admin/"


@pytest.mark.parametrize(("address", "linked"), [("https://smartbill.lat/d/1", True), ("javascript:alert(1)", False)])
def test_only_a_web_address_of_the_provider_becomes_a_link(client: Client, address: str, linked: bool) -> None:
    assert (f'href="{address}"' in text_of(client, make_document(provider_url=address))) is linked


@pytest.mark.parametrize(
    ("state", "shown"),
    [("absent", "not found there"), ("no_information", "no answer that can be used"), ("odd", "odd")],
)
def test_a_look_up_says_in_words_what_it_found(client: Client, state: str, shown: str) -> None:
    document = make_document("stamped")
    ReadingRecord.objects.create(document=document, code=document.generation_code, state=state)
    page = page_of(client, document)
    assert [row[1] for row in page.context["page"]["readings"]] == [shown]
    assert f"<strong>{shown}</strong>" in page.content.decode()
