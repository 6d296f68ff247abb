"""Hacienda is down: issued without a seal, never again emitted, sealed later, one mail."""

import pytest

from notifications.models import Message
from smartbill.errors import PreconditionFailed, SmartbillError
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.invalidate import request_invalidation
from smartbill.services.read import queue_reading
from tests.factories.smartbill import make_draft
from tests.flows.engine import bring_forward, issuer_with_keys, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def document(oracle):
    oracle.hacienda(up=False)
    document = create_document(draft=make_draft(issuer_with_keys()))
    work()
    document.refresh_from_db()
    return document


def test_it_is_issued_without_seal_and_the_customer_is_told_once(document, oracle):
    assert document.status == "contingency"
    assert (document.seal, bool(document.generation_code)) == ("", True)
    assert Message.objects.count() == 1


def test_the_seal_arrives_by_reading_and_sends_no_second_mail(document, oracle, admin_user):
    oracle.hacienda(up=True)
    queue_reading(document, actor=admin_user)
    work()
    document.refresh_from_db()
    assert document.status == "contingency"
    oracle.regularise()
    queue_reading(document, actor=admin_user)
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    assert document.seal == oracle.documents()[0].seal
    assert Message.objects.count() == 1
    assert [call.route for call in oracle.calls()].count("factura") == 1


def test_retry_contingency_on_a_document_without_a_code_is_refused(oracle, admin_user):
    held = create_document(draft=make_draft(issuer_with_keys(), kind="ccf"))
    with pytest.raises(SmartbillError):
        queue_reading(held, actor=admin_user)
    assert oracle.calls() == []


def test_a_failed_look_up_changes_nothing(document, oracle):
    oracle.fault("500_before", route="any", times=0)
    bring_forward(document)
    work()
    document.refresh_from_db()
    assert document.status == "contingency"
    assert document.next_at is not None
    assert document.readings.order_by("-id").first().state == "no_information"


def test_it_cannot_be_invalidated_before_its_seal(document, oracle, admin_user):
    with pytest.raises(PreconditionFailed, match="seal"):
        request_invalidation(document, actor=admin_user, reason="Wrong customer")
    document.refresh_from_db()
    assert document.status == "contingency"
    assert "invalidate" not in [call.route for call in oracle.calls()]
