"""The customer's page: unguessable, private, true to the state of the moment, and without effect."""

import json

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from smartbill.models import DocumentLink, ReadingRecord, Rendition
from smartbill.services.create import create_document
from smartbill.services.link import link_for, live_link, revoke_link
from tests.factories.people import make_staff
from tests.factories.smartbill import IssuerFactory, make_draft
from tests.smartbill.test_faces import CODE, SEAL, issued

pytestmark = pytest.mark.django_db
PAGES = ["", "status", "document.pdf", "document.json"]


@pytest.fixture
def document():
    return issued(make_draft(IssuerFactory()))


def path_of(document):
    return f"/d/{live_link(document).token}/"


def test_the_page_shows_number_total_state_and_the_authoritys_link(client, document):
    page = client.get(path_of(document))
    text = page.content.decode()
    assert page.status_code == 200
    for shown in ["DTE-01-M001P001-000000000000001", "$113.00", SEAL, CODE, "consultaPublica?ambiente=00", "Ana López"]:
        assert shown in text


@pytest.mark.parametrize("file", PAGES)
def test_every_answer_is_private_and_not_indexed(client, document, file):
    for path in (path_of(document), "/d/unknown-token/"):
        response = client.get(path + file)
        assert response["Cache-Control"] == "private, no-store"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("file", PAGES)
def test_an_unknown_link_is_not_found_and_a_revoked_one_is_gone(client, document, file):
    path = path_of(document)
    assert client.get(f"/d/{'x' * 43}/{file}").status_code == 404
    revoke_link(document, actor=make_staff("notifications.resend_message"), reason="Leaked.")
    assert client.get(path + file).status_code == 410
    assert client.get(path_of(document) + file).status_code != 410


@pytest.mark.parametrize("file", PAGES)
def test_looking_changes_nothing_and_nothing_but_looking_is_allowed(document, file):
    client = Client()
    path = path_of(document) + file
    assert client.post(path).status_code == 405
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(path)
    assert [query["sql"] for query in queries if query["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")] == []


def test_a_document_that_was_not_issued_has_no_page(client):
    document = create_document(draft=make_draft(IssuerFactory()))
    assert client.get(path_of(document)).status_code == 404


def test_the_status_changes_its_tag_when_the_seal_arrives(client):
    document = issued(make_draft(IssuerFactory()), seal="")
    path = path_of(document) + "status"
    first = client.get(path)
    assert first.json()["status"] == "contingency"
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    document.move_to("stamped", seal=SEAL)
    second = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert second.json()["status"] == "stamped"


def test_the_files_are_awaited_politely_and_then_served(client, document, settings, tmp_path):
    path = path_of(document)
    assert client.get(path + "document.pdf").status_code == 503
    assert client.get(path + "document.json").status_code == 503
    ReadingRecord.objects.create(document=document, code=CODE, state="stamped", content=b'{"identificacion": {}}')
    rendition = Rendition(document=document, face="f" * 64, sha256="0" * 64)
    rendition.file.save("x.pdf", ContentFile(b"%PDF-1.7"))
    pdf = client.get(path + "document.pdf")
    assert b"".join(pdf.streaming_content) == b"%PDF-1.7"
    assert pdf["Content-Type"] == "application/pdf"
    assert json.loads(client.get(path + "document.json").content) == {"identificacion": {}}


def test_a_pdf_that_calls_an_invalidated_document_valid_is_not_handed_out(client, document, settings, tmp_path):
    before = Rendition(document=document, face="a" * 64, sha256="0" * 64)
    before.file.save("before.pdf", ContentFile(b"%PDF valid"))
    document.move_to("invalidating")
    document.move_to("invalidated", invalidated_at=now())
    assert client.get(path_of(document) + "document.pdf").status_code == 503
    after = Rendition(document=document, face="b" * 64, sha256="0" * 64)
    after.file.save("after.pdf", ContentFile(b"%PDF invalidated"))
    pdf = client.get(path_of(document) + "document.pdf")
    assert b"".join(pdf.streaming_content) == b"%PDF invalidated"


def test_a_file_read_under_another_code_is_never_given_to_the_customer(client, document):
    ReadingRecord.objects.create(document=document, code="A" * 36, state="stamped", content=b'{"of": "somebody else"}')
    assert client.get(path_of(document) + "document.json").status_code == 503


def test_hostile_text_is_shown_as_text(client):
    draft = make_draft(IssuerFactory())
    name = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ settings }}'
    document = issued(make_draft(draft and IssuerFactory(), party=draft.party.__class__(name=name)))
    text = client.get(path_of(document)).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_link_is_256_bits_and_stored_only_sealed_and_hashed(document):
    token = live_link(document).token
    assert len(token) == 43
    assert link_for(document) == f"http://127.0.0.1:8000/d/{token}/"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM smartbill_documentlink")
        assert token not in repr(cursor.fetchall())
    assert DocumentLink.objects.count() == 1
