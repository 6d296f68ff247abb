"""A person's answer and what arrives at the same moment: whichever comes first, one document and nothing forgotten."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection
from django.utils.timezone import now

from smartbill.errors import SmartbillError
from smartbill.journal import Journal
from smartbill.lifecycle import Status
from smartbill.models import Attempt, Document
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.read import read_due_documents
from smartbill.services.record import record_answer
from smartbill.services.resolve import adopt_found, send_again
from smartbill.services.sweep import sweep_attempts
from tests.factories.smartbill import make_draft
from tests.flows.engine import claim_all, issuer_with_keys, let_quiet_period_pass, work

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 4


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


def issued_and_in_doubt(issuer, number):
    """Return a document in doubt that was issued, its claim, and the answer that nobody has recorded yet."""
    document = create_document(draft=make_draft(issuer, source=f"invoice:in_{number}"))
    journal = Journal()
    (claim,) = claim_all(worker=journal.name, limit=1)
    journal.sending(claim.attempt_id)
    exchange = claim.provider.send(claim.request, claim.credentials, not_after=time.monotonic() + 5)
    journal.close()
    Attempt.objects.filter(pk=claim.attempt_id).update(deadline_at=now())
    sweep_attempts()
    let_quiet_period_pass(document)
    document.refresh_from_db()
    assert document.status == Status.UNKNOWN
    return document, claim, exchange


def at_once(*acts):
    """Do these at the same moment, each on its own connection; on SQLite, which has one writer, one by one."""
    crowd = 1 if connection.vendor == "sqlite" else len(acts)
    start = threading.Barrier(crowd)

    def do(act):
        start.wait(10)
        try:
            act()
        except SmartbillError:
            return "refused"
        finally:
            close_old_connections()
            connection.close()
        return "done"

    with ThreadPoolExecutor(crowd) as pool:
        return list(pool.map(do, acts))


def again(document):
    return Document.objects.select_related("issuer").get(pk=document.pk)


@pytest.mark.parametrize("order", [1, -1])
def test_a_late_success_and_not_issued(oracle, admin_user, order):
    issuer = issuer_with_keys()
    for number in range(ROUNDS):
        document, claim, exchange = issued_and_in_doubt(issuer, number)
        acts = [
            lambda document=document: send_again(again(document), actor=admin_user, reason="I saw nothing"),
            lambda claim=claim, exchange=exchange: record_answer(attempt_id=claim.attempt_id, exchange=exchange),
        ]
        at_once(*acts[::order])
        work()
        assert again(document).status == Status.STAMPED
        assert len(oracle.documents(document.reference)) == 1
        assert again(document).twin_code == ""


@pytest.mark.parametrize("order", [1, -1])
def test_two_people_with_two_answers(oracle, admin_user, order):
    issuer = issuer_with_keys()
    for number in range(ROUNDS):
        document, _claim, _exchange = issued_and_in_doubt(issuer, number)
        (found,) = oracle.documents(document.reference)
        acts = [
            lambda document=document: send_again(again(document), actor=admin_user, reason="I saw nothing"),
            lambda document=document, found=found: adopt_found(again(document), code=found.code, actor=admin_user),
        ]
        at_once(*acts[::order])
        work()
        document = again(document)
        assert (document.status, document.generation_code, document.twin_code) == (Status.STAMPED, found.code, "")
        assert len(oracle.documents(document.reference)) == 1


def test_a_look_up_a_late_answer_and_a_person_adopt_it_once(oracle, admin_user):
    issuer = issuer_with_keys()
    for number in range(ROUNDS):
        document, claim, exchange = issued_and_in_doubt(issuer, number)
        (found,) = oracle.documents(document.reference)
        Attempt.objects.filter(pk=claim.attempt_id).update(seen_code=found.code)
        Document.objects.filter(pk=document.pk).update(next_at=now())
        at_once(
            read_due_documents,
            lambda claim=claim, exchange=exchange: record_answer(attempt_id=claim.attempt_id, exchange=exchange),
            lambda document=document, found=found: adopt_found(again(document), code=found.code, actor=admin_user),
        )
        document = again(document)
        assert (document.status, document.generation_code, document.twin_code) == (Status.STAMPED, found.code, "")
        assert document.events.filter(after=Status.STAMPED, before=Status.UNKNOWN).count() == 1
        assert document.links.count() == 1
