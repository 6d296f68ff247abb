"""The evidence page: every attempt whole, hostile text as text, exact bytes for whoever may see documents."""

import hashlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from smartbill.admin.exact_json import indented
from smartbill.lifecycle import Status
from smartbill.models import Document, Evidence, Proposal, ReadingRecord
from tests.factories.documents import make_attempt, make_document
from tests.factories.people import make_staff, signed_in
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
REQUEST = b'{"total": 10.00, "name": "' + HOSTILE.replace('"', '\\"').encode() + b'"}'


@pytest.fixture
def client() -> Client:
    return signed_in("smartbill.view_document")


def doubted(**changes: Any) -> Document:
    issuer = IssuerFactory.create(**changes.pop("of_issuer", {}))
    document = make_document(changes.pop("status", Status.UNKNOWN), issuer=issuer)
    key = ApiKeyFactory.create(issuer=issuer, private_key="prv_very_secret_7Qx2")
    columns = {
        "outcome": "unknown",
        "answer": None,
        "http_status": None,
        "request": REQUEST,
        "request_sha256": hashlib.sha256(REQUEST).hexdigest(),
        "deadline_at": now() - timedelta(days=1),
        **changes,
    }
    make_attempt(document, api_key=key, **columns)
    return document


def page_of(client: Client, document: Document) -> str:
    answer = client.get(f"/admin/smartbill/document/{document.pk}/evidence/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def bytes_url(document: Document, what: str, key: int) -> str:
    return f"/admin/smartbill/document/{document.pk}/evidence/{what}/{key}/"


def test_it_tells_what_was_sent_by_whom_under_which_key_and_hash(client: Client) -> None:
    text = page_of(client, doubted(worker="host-7-abc"))
    for part in ("host-7-abc", "Main (…7Qx2)", hashlib.sha256(REQUEST).hexdigest(), "the bytes below have it",
                 "&quot;total&quot;: 10.00,\n", "No answer arrived.", "not proved"):  # fmt: skip
        assert part in text
    assert "prv_very_secret" not in text


def test_bytes_that_no_longer_have_their_hash_are_told(client: Client) -> None:
    assert "the bytes below do not have it" in page_of(client, doubted(request_sha256="0" * 64))


def test_hostile_text_stays_text_wherever_it_stands(client: Client) -> None:
    document = doubted(answer=HOSTILE.encode(), http_status=502, note=HOSTILE, worker=HOSTILE[:100])
    Document.objects.filter(pk=document.pk).update(customer_name=HOSTILE, reason=HOSTILE, twin_code=HOSTILE[:36])
    attempt = document.attempts.get()
    Evidence.objects.create(attempt=attempt, http_status=200, answer=HOSTILE.encode(), note=HOSTILE)
    ReadingRecord.objects.create(
        document=document, code="X", state=HOSTILE[:20], failure=HOSTILE, content=HOSTILE.encode()
    )
    Proposal.objects.create(
        document=document, attempt=attempt, answer="not_issued", reason=HOSTILE, proposed_by=make_staff()
    )
    text = page_of(client, document)
    assert "<img src=x" not in text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(2)&lt;/script&gt;") >= 8


@pytest.mark.parametrize("body", [b"\xff\x00\x01", b'{"a": "\\ud800"}', b"[" * 5000, b'{"a":' * 3000, b"", b"\x00" * 9])
def test_any_bytes_at_all_can_be_shown_and_had(client: Client, body: bytes) -> None:
    document = doubted(answer=body)
    page_of(client, document)
    assert client.get(bytes_url(document, "answer", document.attempts.get().pk)).content == body


def test_every_body_can_be_had_exactly_as_a_file_that_no_browser_interprets(client: Client) -> None:
    document = doubted(answer=b"<html>", http_status=502)
    attempt = document.attempts.get()
    late = Evidence.objects.create(attempt=attempt, answer=b"late", note="Late.")
    reading = ReadingRecord.objects.create(document=document, code="X", state="stamped", content=b"read")
    found = {"request": (attempt.pk, REQUEST), "answer": (attempt.pk, b"<html>"), "late": (late.pk, b"late"),
             "reading": (reading.pk, b"read")}  # fmt: skip
    text = page_of(client, document)
    for what, (key, content) in found.items():
        assert bytes_url(document, what, key) in text
        answer = client.get(bytes_url(document, what, key))
        assert (answer.content, answer["Content-Type"]) == (content, "application/octet-stream")
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_bytes_are_had_through_their_own_document_only(client: Client) -> None:
    document, other = doubted(), doubted()
    key = other.attempts.get().pk
    for url in (bytes_url(document, "request", key), bytes_url(other, "secret", key), bytes_url(other, "late", key)):
        assert client.get(url).status_code == 404


@pytest.mark.parametrize("rights", [[], ["smartbill.view_issuer"], ["smartbill.resolve_unknown"]])
def test_without_the_right_to_see_documents_nothing_is_seen(rights: list[str]) -> None:
    document = doubted()
    urls = [f"/admin/smartbill/document/{document.pk}/evidence/", bytes_url(document, "request", 1)]
    assert [Client().get(url).status_code for url in urls] == [302, 302]
    assert [signed_in(*rights).get(url).status_code for url in urls] == [403, 403]


def test_it_says_what_happens_next_and_when_people_are_warned(client: Client) -> None:
    silent = page_of(client, doubted())
    assert "Nothing by itself" in silent
    assert "People are warned (In doubt for 15 minutes)" in silent
    looked_up = doubted(seen_code="AAAA0001-0000-4000-8000-000000000001")
    Document.objects.filter(pk=looked_up.pk).update(next_at=now() + timedelta(minutes=5))
    assert "The provider is asked for the code AAAA0001" in page_of(client, looked_up)
    looked_up.issuer.api_keys.update(revoked_at=now())
    assert "no usable API key" in page_of(client, looked_up)


def test_it_asks_a_person_what_to_look_for_and_says_from_when_no_can_be_answered(client: Client) -> None:
    text = page_of(client, doubted())
    assert "is there a document for this sale, made between" in text
    assert "This can be answered now" in text
    assert "not yet" in page_of(client, doubted(deadline_at=now()))


def test_what_waits_for_a_second_person_is_shown_with_who_said_it(client: Client) -> None:
    document = doubted(of_issuer={"second_person_above": Decimal("50")})
    assert "another confirms it" in page_of(client, document)
    person = make_staff()
    Proposal.objects.create(
        document=document,
        attempt=document.attempts.get(),
        answer="not_issued",
        reason="Looked twice",
        proposed_by=person,
    )
    text = page_of(client, document)
    assert "An answer waits for a second person." in text
    assert f"{person} said at" in text
    assert "Looked twice" in text


def test_a_document_without_doubt_shows_its_attempts_and_asks_nothing(client: Client) -> None:
    text = page_of(client, doubted(status=Status.STAMPED, outcome="accepted"))
    assert "What was sent" in text
    assert "What a person can answer" not in text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b'{"a":10.00,"b":[],"c":{},"a":1e400}', '{\n  "a": 10.00,\n  "b": [],\n  "c": {},\n  "a": 1e400\n}'),
        (b'[true,null,"\xc3\xb1",-0]', '[\n  true,\n  null,\n  "ñ",\n  -0\n]'),
        (b'"x"', '"x"'),
        (b"<html>", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_json_is_indented_and_otherwise_as_it_was_sent(raw: bytes, shown: str) -> None:
    assert indented(raw) == shown
