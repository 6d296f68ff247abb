"""A few ways in which a call can end, through the whole engine: the document stands where the verdict puts it."""

import pytest

from smartbill.lifecycle import Outcome, Status
from smartbill.models import Document
from smartbill.providers import transport
from smartbill.providers.el_salvador import client
from smartbill.services.create import create_document
from tests.factories.documents import make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys, submit_all
from tests.smartbill.providers import misbehaviour as does
from tests.smartbill.providers.endings import ENDINGS
from tests.smartbill.providers.test_endings import address_of

pytestmark = pytest.mark.django_db(transaction=True)
BY_NAME = {ending.name: ending for ending in ENDINGS}
AFTER = {Outcome.ACCEPTED: Status.STAMPED, Outcome.REJECTED: Status.REJECTED, Outcome.NOT_SENT: Status.READY,
         Outcome.UNKNOWN: Status.UNKNOWN}  # fmt: skip
AFTER_INVALIDATION = {Outcome.ACCEPTED: Status.INVALIDATED, Outcome.REJECTED: Status.STAMPED,
                      Outcome.NOT_SENT: Status.INVALIDATING, Outcome.UNKNOWN: Status.INVALIDATION_UNKNOWN}  # fmt: skip
CHOSEN = [
    "refused", "DNS failure", "certificate not trusted", "TCP accepts, TLS handshake hangs",
    "TLS error after the request: bad record", "RST after the request", "reset before the request is read",
    "no answer in time", "headers and half a body, then silence", "HTML 200", "HTML 502", "redirect 307",
    "id inside an error answer: 422", "500 in the provider's form", "200 with an id and a seal",
    "200 that says invalidated", "400 in the provider's form", "401", "429",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _impatient(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    settings.SMARTBILL_CONNECT_TIMEOUT, settings.SMARTBILL_READ_TIMEOUT = 0.4, 0.5
    monkeypatch.setattr(client, "MARGIN", 0.3)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_submission_that_ends_like_this_leaves_its_document_here(name, certificate, settings, monkeypatch):
    ending = BY_NAME[name]
    document = create_document(draft=make_draft(issuer_with_keys()))
    with address_of(ending, certificate, monkeypatch) as (url, requests):
        settings.SMARTBILL_SV_BASE_URL = f"{url}/v1"
        submit_all()
        assert len(requests) <= document.attempts.count()
    document.refresh_from_db()
    # What is proved not to have left may be tried again at once; anything else is one call.
    outcomes = list(document.attempts.values_list("outcome", "seen_code"))
    assert (document.status, set(outcomes)) == (AFTER[ending.submission], {(ending.submission, ending.look_up)})
    assert len(outcomes) == 1 or ending.submission == Outcome.NOT_SENT
    if document.status == Status.UNKNOWN:
        assert (document.next_at is not None) is bool(ending.look_up)


@pytest.mark.parametrize("name", CHOSEN)
def test_an_invalidation_that_ends_like_this_leaves_its_document_here(name, certificate, settings, monkeypatch):
    ending = BY_NAME[name]
    document = make_document(Status.INVALIDATING, issuer=issuer_with_keys(), stamped_at="2026-11-20T10:00:00Z")
    Document.objects.filter(pk=document.pk).update(next_at="2026-11-20T10:00:00Z")
    with address_of(ending, certificate, monkeypatch) as (url, requests):
        settings.SMARTBILL_SV_BASE_URL = f"{url}/v1"
        submit_all()
        assert len(requests) <= document.attempts.count()
    document.refresh_from_db()
    outcome, outcomes = (
        ending.invalidation or ending.submission,
        list(document.attempts.values_list("outcome", flat=True)),
    )
    assert (document.status, set(outcomes)) == (AFTER_INVALIDATION[outcome], {outcome})
    assert len(outcomes) == 1 or outcome == Outcome.NOT_SENT
    if document.status == Status.INVALIDATION_UNKNOWN:
        assert document.next_at is not None


def test_a_document_that_cannot_be_translated_was_never_sent_and_is_never_in_doubt(settings, monkeypatch):
    document = create_document(draft=make_draft(issuer_with_keys()))
    monkeypatch.setattr("smartbill.providers.el_salvador.payload.emission", lambda *_args: 1 / 0)
    with does.serving(does.answering(b"")) as remote:
        settings.SMARTBILL_SV_BASE_URL = f"{remote.url}/v1"
        submit_all()
        assert remote.requests == []
    document.refresh_from_db()
    assert (document.status, document.attempts.count()) == (Status.HELD, 0)


@pytest.mark.parametrize(("written", "status"), [(True, Status.UNKNOWN), (False, Status.READY)])
def test_an_error_that_nobody_has_listed_is_judged_by_the_first_byte(settings, monkeypatch, written, status):
    class Odd(Exception):
        pass

    def raise_odd(self, sock):
        self.written = written
        raise Odd

    monkeypatch.setattr(transport.Wire, "about_to_write", raise_odd)
    document = create_document(draft=make_draft(issuer_with_keys()))
    with does.serving(does.answering(b"")) as remote:
        settings.SMARTBILL_SV_BASE_URL = f"{remote.url}/v1"
        submit_all()
    document.refresh_from_db()
    assert document.status == status
