"""Hacienda falls over and gets up: from the first document without a seal to the last page that shows it."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from notifications.models import Message
from smartbill.models import Document, Outage
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.outage_look_after import look_after_outages
from smartbill.services.render import render_due_documents
from smartbill.services.resolve import adopt_found
from tests.factories.outages import the_outage
from tests.factories.smartbill import make_draft
from tests.flows.engine import bring_forward, issuer_with_keys, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


def sell(issuer, *numbers: int) -> list[Document]:
    documents = [create_document(draft=make_draft(issuer, source=f"invoice:in_{number}")) for number in numbers]
    work()
    return [Document.objects.get(pk=document.pk) for document in documents]


def let_a_worker_go_on() -> None:
    Outage.objects.open().update(check_at=now())
    look_after_outages()
    work()
    render_due_documents()
    Outage.objects.open().update(check_at=now())
    look_after_outages()


def let_the_first_look_ups_pass(issuer) -> None:
    Document.objects.filter(issuer=issuer).update(next_at=now())
    work()


def test_an_outage_from_its_first_document_to_its_last_page(oracle):
    issuer = issuer_with_keys()
    oracle.hacienda(up=False)
    waiting = sell(issuer, 1, 2, 3)
    outage = the_outage()
    assert {entry.document for entry in outage.entries.all()} == set(waiting)
    assert all(entry.attempt is not None for entry in outage.entries.all())
    let_the_first_look_ups_pass(issuer)
    let_a_worker_go_on()
    assert the_outage().cause == Outage.Cause.AUTHORITY

    oracle.hacienda(up=True)
    oracle.advance_clock(5)
    Outage.objects.update(first_evidence_at=now() - timedelta(minutes=1), last_evidence_at=now() - timedelta(minutes=1))
    (proof,) = sell(issuer, 4)
    assert (the_outage().restored_by, the_outage().is_open) == (proof, True)
    let_a_worker_go_on()
    assert Document.objects.filter(status="contingency").count() == 3

    oracle.regularise()
    bring_forward(the_outage().probe)
    work()
    assert Document.objects.filter(status="contingency").count() == 2
    Outage.objects.update(drained_at=now() - timedelta(minutes=6))
    let_a_worker_go_on()
    assert Document.objects.filter(status="contingency").count() == 0
    let_a_worker_go_on()
    closed = the_outage()
    assert not closed.is_open
    assert all(entry.shown_at for entry in closed.entries.all())
    assert Message.objects.count() == 4
    assert set(oracle.calls_by_reference().values()) == {1}


def test_while_it_lasts_one_document_is_asked_about_and_not_all(oracle):
    issuer = issuer_with_keys()
    oracle.hacienda(up=False)
    sell(issuer, *range(1, 9))
    let_the_first_look_ups_pass(issuer)
    look_after_outages()
    due = Document.objects.filter(next_at__lte=now() + timedelta(minutes=20))
    assert list(due) == [the_outage().probe]


def test_a_document_that_a_person_finds_in_contingency_enters_with_the_look_up_that_proves_it(oracle, admin_user):
    oracle.hacienda(up=False)
    oracle.fault("reset_after")
    (document,) = sell(issuer_with_keys(), 1)
    assert document.status == "unknown"
    assert not Outage.objects.exists()
    adopt_found(document, code=oracle.documents()[0].code, actor=admin_user)
    entry = the_outage().entries.get()
    assert (entry.document, entry.reading.state) == (document, "contingency")
