"""Invalidation: through a manager key only, with its own doubt that a look-up always ends."""

import pytest

from notifications.errors import ReasonMissing
from notifications.models import Message
from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.journal import Journal
from smartbill.lifecycle import Status
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services.create import create_document
from smartbill.services.invalidate import request_invalidation, withdraw_invalidation
from tests.factories.documents import make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import bring_forward, claim_all, issuer_with_keys, let_quiet_period_pass, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


def stamped(*roles):
    document = create_document(draft=make_draft(issuer_with_keys(*roles)))
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    return document


def test_it_is_invalidated_at_the_authority_without_a_second_mail(oracle, admin_user):
    document = stamped()
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    work()
    document.refresh_from_db()
    assert document.status == "invalidated"
    assert document.reason == "Wrong customer"
    assert document.invalidated_at == oracle.documents()[0].invalidated_at.replace(microsecond=0)
    assert document.render_at is not None
    assert Message.objects.count() == 1


def test_with_transmitter_keys_only_it_is_refused_in_words_before_any_call(oracle, admin_user):
    document = stamped("transmitter")
    with pytest.raises(PreconditionFailed, match="manager"):
        request_invalidation(document, actor=admin_user, reason="Wrong customer")
    document.refresh_from_db()
    assert document.status == "stamped"
    assert [call.route for call in oracle.calls()].count("invalidate") == 0


def test_without_a_reason_it_is_refused(oracle, admin_user):
    document = stamped()
    with pytest.raises(ReasonMissing):
        request_invalidation(document, actor=admin_user, reason="  ")
    document.refresh_from_db()
    assert document.status == "stamped"


@pytest.mark.parametrize("fault", ["reset_after", "500_after", "html_502"])
def test_a_lost_answer_is_looked_up_and_found_done(oracle, admin_user, fault):
    document = stamped()
    oracle.fault(fault, route="invalidate")
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    work()
    document.refresh_from_db()
    assert document.status == "invalidation_unknown"
    bring_forward(document)
    work()
    document.refresh_from_db()
    assert document.status == "invalidated"
    assert [call.route for call in oracle.calls()].count("invalidate") == 1


def test_a_lost_request_is_stamped_again_only_after_the_quiet_period(oracle, admin_user):
    document = stamped()
    oracle.fault("reset_before", route="invalidate")
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    work()
    bring_forward(document)
    work()
    document.refresh_from_db()
    assert document.status == "invalidation_unknown"
    let_quiet_period_pass(document)
    bring_forward(document)
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    work()
    document.refresh_from_db()
    assert document.status == "invalidated"


def test_a_refusal_leaves_it_stamped_with_the_reason(oracle, admin_user):
    document = stamped()
    oracle.fault("reject_data", route="invalidate")
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    assert "refused" in document.reason


def test_an_invalidation_that_waits_can_be_withdrawn(oracle, admin_user):
    document = stamped()
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    withdraw_invalidation(document, actor=admin_user)
    work()
    document.refresh_from_db()
    assert document.status == "stamped"
    assert [call.route for call in oracle.calls()].count("invalidate") == 0


@pytest.mark.parametrize("status", [each for each in Status if each != Status.INVALIDATING])
def test_where_none_waits_there_is_none_to_withdraw(admin_user, status):
    document = make_document(status)
    with pytest.raises(TransitionRefused):
        withdraw_invalidation(document, actor=admin_user)
    document.refresh_from_db()
    assert (document.status, document.events.count()) == (status, 0)


def test_an_invalidation_under_way_cannot_be_withdrawn(oracle, admin_user):
    document = stamped()
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    journal = Journal()
    claim_all(worker=journal.name, limit=8)
    with pytest.raises(PreconditionFailed, match="under way"):
        withdraw_invalidation(document, actor=admin_user)
    document.refresh_from_db()
    assert document.status == "invalidating"
    journal.close()


def test_a_refused_manager_key_does_not_stop_the_sending(oracle, admin_user):
    document = stamped()
    oracle.fault("403", route="invalidate")
    request_invalidation(document, actor=admin_user, reason="Wrong customer")
    work()
    bring_forward(document)
    other = create_document(draft=make_draft(document.issuer, source="invoice:in_2"))
    work()
    other.refresh_from_db()
    document.refresh_from_db()
    assert (document.status, other.status) == ("invalidating", "stamped")
