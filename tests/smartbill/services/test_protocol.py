"""The order in which things are written: before the first byte, and after the answer."""

from datetime import timedelta

import pytest
from django.db import connections
from django.utils.timezone import now

from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.journal import Journal
from smartbill.lifecycle import Outcome
from smartbill.models import Attempt, Document
from smartbill.providers.base import Exchange
from smartbill.providers.el_salvador.provider import ElSalvador
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services import submit
from smartbill.services.create import create_document
from smartbill.services.record import record_answer
from smartbill.services.resolve import send_again
from smartbill.services.submit import submit_due_documents
from smartbill.services.sweep import sweep_attempts
from tests.factories.documents import make_attempt, make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys

pytestmark = pytest.mark.django_db(transaction=True)

GATEWAY = Exchange(written=True, status=502, body=b"<html>502</html>", content_type="text/html")


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def issuer(smartbill_sandbox):
    return issuer_with_keys()


def test_the_claim_is_committed_before_a_call_begins(issuer, monkeypatch):
    seen = []

    def call(journal, claim):
        # The thread has a connection of its own, which sees what is committed and nothing else.
        seen.append(Attempt.objects.filter(pk=claim.attempt_id).exists())
        connections.close_all()
        journal.answer(claim.attempt_id, GATEWAY)

    monkeypatch.setattr(submit, "_call", call)
    create_document(draft=make_draft(issuer))
    submit_due_documents(issuer.pk)
    assert seen == [True]


def test_the_journal_is_told_before_the_first_byte(issuer, monkeypatch):
    told: list[int] = []
    seen = []
    monkeypatch.setattr(Journal, "sending", lambda journal, attempt_id, trace: told.append(attempt_id))

    def send(self, request, credentials, *, not_after):
        seen.append(list(told))
        return GATEWAY

    monkeypatch.setattr(ElSalvador, "send", send)
    document = create_document(draft=make_draft(issuer))
    submit_due_documents(issuer.pk)
    assert seen == [[document.attempts.get().pk]]


def test_an_outcome_that_stands_is_not_written_again(issuer):
    document = make_document("unknown", issuer=issuer)
    attempt = make_attempt(document, outcome=None, finished_at=None, answer=None, deadline_at=now())
    Attempt.objects.filter(pk=attempt.pk).update(outcome=Outcome.UNKNOWN, note="No answer was recorded.")
    try:
        record_answer(attempt_id=attempt.pk, exchange=GATEWAY)
    except TransitionRefused:
        pytest.fail("the answer was taken for the first word about this attempt")
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.note, attempt.answer) == ("unknown", "No answer was recorded.", None)
    assert bytes(attempt.evidence.get().answer) == GATEWAY.body


def test_what_is_past_its_deadline_is_never_ready_again(issuer):
    document = make_document("submitting", issuer=issuer)
    make_attempt(document, outcome=None, finished_at=None, deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    assert (document.status, document.next_at) == ("unknown", None)


def test_after_the_deadline_the_provider_may_still_be_at_work(issuer, admin_user, smartbill_sandbox):
    SandboxControl(smartbill_sandbox.url).fault("reset_before")
    document = create_document(draft=make_draft(issuer))
    submit_due_documents(issuer.pk)
    Attempt.objects.update(deadline_at=now() - timedelta(seconds=1))
    with pytest.raises(PreconditionFailed):
        send_again(Document.objects.get(pk=document.pk), actor=admin_user, reason="Not in the platform")
    assert document.attempts.get().resolved_at is None
