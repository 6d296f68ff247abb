"""One answer that cannot be recorded, whatever the reason, holds up neither the other answers nor the sweep."""

import errno

import pytest
from django.db import DataError
from django.utils.timezone import now

from smartbill.journal import Journal, Trace
from smartbill.models import Attempt, Document
from smartbill.providers.base import Exchange
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services import submit, sweep
from smartbill.services.create import create_document
from smartbill.services.record import record_answer
from smartbill.services.sweep import sweep_attempts
from tests.factories.smartbill import make_draft
from tests.flows.engine import claim_all, issuer_with_keys, submit_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def issuer(smartbill_sandbox):
    return issuer_with_keys()


def record_all_but(document: Document):
    """Return `record_answer` as it is, except that the database takes no answer of this document."""

    def record(*, attempt_id: int, exchange: Exchange, worker: str = "") -> None:
        if Attempt.objects.get(pk=attempt_id).document_id == document.pk:
            raise DataError("does not fit")
        record_answer(attempt_id=attempt_id, exchange=exchange, worker=worker)

    return record


def two_ready(issuer) -> list[Document]:
    return [create_document(draft=make_draft(issuer, source=f"invoice:in_{number}")) for number in (1, 2)]


def states(documents: list[Document]) -> list[str]:
    return [Document.objects.get(pk=document.pk).status for document in documents]


def test_an_answer_that_does_not_fit_leaves_the_others_alone(issuer, monkeypatch):
    documents = two_ready(issuer)
    monkeypatch.setattr(submit, "record_stamped", lambda answers, worker: set())
    monkeypatch.setattr(submit, "record_answer", record_all_but(documents[0]))
    submit_all()
    assert states(documents) == ["submitting", "stamped"]


def test_the_journal_of_a_dead_worker_is_replayed_past_an_answer_that_does_not_fit(issuer, monkeypatch):
    documents = two_ready(issuer)
    dead = Journal()
    for claim in claim_all(worker=dead.name, limit=2):
        dead.sending(claim.attempt_id)
        dead.answer(claim.attempt_id, Exchange(written=True, status=502, body=b"<html>"))
    dead.close()
    Attempt.objects.filter(document=documents[0]).update(deadline_at=now())
    monkeypatch.setattr(sweep, "record_answer", record_all_but(documents[0]))
    sweep_attempts()
    assert states(documents) == ["unknown", "unknown"]
    assert documents[0].attempts.get().note == "No answer was recorded before the deadline."
    monkeypatch.undo()
    sweep_attempts()
    assert documents[0].attempts.get().evidence.exists(), "its answer was kept until it could be recorded"


def test_a_journal_that_cannot_be_written_keeps_the_call_at_home(issuer, monkeypatch, smartbill_sandbox):
    document = create_document(draft=make_draft(issuer))
    monkeypatch.setattr(Journal, "sending", no_space)
    submit_all()
    assert states([document]) == ["ready"]
    assert document.attempts.get().outcome == "not_sent"
    assert SandboxControl(smartbill_sandbox.url).calls() == []


def no_space(journal: Journal, attempt_id: int, trace: Trace) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
