"""An answer that arrives after a person has decided: what it proves is never thrown away."""

import time

import pytest
from django.utils.timezone import now

from smartbill.errors import NotOurs, SmartbillError
from smartbill.journal import Journal
from smartbill.lifecycle import Status
from smartbill.models import Attempt
from smartbill.providers.base import Exchange, Identifiers, Reading
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services import resolve
from smartbill.services.create import create_document
from smartbill.services.record import record_answer
from smartbill.services.resolve import adopt_found, send_again
from smartbill.services.sweep import sweep_attempts
from tests.factories.smartbill import make_draft
from tests.flows.engine import claim_all, issuer_with_keys, let_quiet_period_pass, work

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "3F2504E0-4F89-41D3-9A0C-0305E82C3301"


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def in_doubt(smartbill_sandbox):
    """Return a document in doubt, its claim, and the answer that nobody has recorded yet."""
    document = create_document(draft=make_draft(issuer_with_keys()))
    journal = Journal()
    (claim,) = claim_all(worker=journal.name, limit=1)
    journal.sending(claim.attempt_id)
    exchange = claim.provider.send(claim.request, claim.credentials, not_after=time.monotonic() + 5)
    journal.close()
    Attempt.objects.update(deadline_at=now())
    sweep_attempts()
    document.refresh_from_db()
    assert document.status == "unknown"
    return document, claim, exchange


def test_a_success_that_arrives_before_the_second_sending_prevents_it(in_doubt, smartbill_sandbox, admin_user):
    document, claim, exchange = in_doubt
    let_quiet_period_pass(document)
    send_again(document, actor=admin_user, reason="I saw nothing")
    record_answer(attempt_id=claim.attempt_id, exchange=exchange)
    work()
    document.refresh_from_db()
    assert len(SandboxControl(smartbill_sandbox.url).documents()) == 1
    assert document.status not in (Status.READY, Status.SUBMITTING, Status.UNKNOWN)


def remote(document, state: str) -> Reading:
    return Reading(
        state=state,
        identifiers=Identifiers(generation_code=CODE, control_number="DTE-01-M001P001-000000000000001", seal="A" * 40),
        total=document.total,
        references=(document.reference,),
    )


def test_what_was_invalidated_at_the_provider_is_not_adopted(in_doubt, admin_user, monkeypatch):
    document, _claim, _exchange = in_doubt
    monkeypatch.setattr(resolve, "read_remote", lambda *_args, **_rest: remote(document, "invalidated"))
    with pytest.raises(NotOurs, match="invalidated at the provider"):
        adopt_found(document, code=CODE, actor=admin_user)
    document.refresh_from_db()
    assert document.status == "unknown"


def test_a_doubt_that_ended_meanwhile_with_another_document_is_reported_as_two(in_doubt, admin_user, monkeypatch):
    document, claim, exchange = in_doubt

    def read_slowly(*_args: object, **_rest: object) -> Reading:
        record_answer(attempt_id=claim.attempt_id, exchange=exchange)
        return remote(document, "stamped")

    monkeypatch.setattr(resolve, "read_remote", read_slowly)
    with pytest.raises(SmartbillError):
        adopt_found(document, code=CODE, actor=admin_user)
    document.refresh_from_db()
    assert document.status == "stamped"
    assert document.generation_code != CODE
    assert document.attempts.get().resolution == "The answer arrived late."


REFUSAL = b'{"success": false, "error": {"code": "VALIDATION_ERROR", "message": "no", "details": []}}'


@pytest.mark.parametrize(
    "second", [Exchange(written=False, failure="refused"), Exchange(written=True, status=400, body=REFUSAL)]
)
def test_a_success_during_a_second_sending_that_issued_nothing_is_taken(
    in_doubt, smartbill_sandbox, admin_user, second
):
    document, claim, exchange = in_doubt
    let_quiet_period_pass(document)
    send_again(document, actor=admin_user, reason="I saw nothing")
    journal = Journal()
    (again,) = claim_all(worker=journal.name, limit=1)
    record_answer(attempt_id=claim.attempt_id, exchange=exchange)
    document.refresh_from_db()
    assert document.twin_code != ""
    record_answer(attempt_id=again.attempt_id, exchange=second)
    journal.close()
    document.refresh_from_db()
    assert document.status == Status.UNKNOWN
    work()
    document.refresh_from_db()
    (issued,) = SandboxControl(smartbill_sandbox.url).documents()
    assert (document.status, document.generation_code, document.twin_code) == (Status.STAMPED, issued.code, "")
