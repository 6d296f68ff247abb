"""After a restore: what may have been sent is in doubt, what a journal names is looked up, the rest goes on."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from smartbill.errors import PreconditionFailed
from smartbill.journal import Journal
from smartbill.models import Attempt, Document, Generation, LostSending
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services import guard
from smartbill.services.claim import claim_due
from smartbill.services.create import create_document
from smartbill.services.guard import agree, begin_if_first
from smartbill.services.resolve import send_again
from smartbill.services.restore import begin, carry_out, finish
from smartbill.services.restore_doubt import doubt_all
from smartbill.services.restore_import import import_journals
from smartbill.services.submit import submit_due_documents
from smartbill.services.sweep import sweep_attempts
from tests.factories.documents import make_attempt, make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys, let_quiet_period_pass, work
from tests.flows.forgetting import forget

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def issuer(oracle):
    begin_if_first()
    return issuer_with_keys()


def sale(issuer, number=1, **changes):
    source = f"invoice:in_{number}"
    return create_document(draft=make_draft(issuer, source=source, **{"occurred_at": now(), **changes}))


def one(document):
    document.refresh_from_db()
    return document


def issued_and_forgotten(issuer, oracle, number=1, fault="") -> str:
    """Send a document with a journal of a process that ended, and let the database forget all of it."""
    if fault:
        oracle.fault(fault)
    document = sale(issuer, number)
    journal = Journal()
    (claim,) = claim_due(issuer_id=issuer.pk, worker=journal.name, limit=1).claims
    journal.sending(claim.attempt_id, claim.trace)
    journal.answer(claim.attempt_id, claim.provider.send(claim.request, claim.credentials, not_after=1e12))
    journal.close()
    reference = document.reference
    forget(
        Attempt.objects.filter(document=document),
        document.events.all(),
        document.revisions.all(),
        Document.objects.filter(pk=document.pk),
    )
    return reference


def after_restore(**answers):
    generation = begin(**{"since": None, "journals_complete": False, "by": "ana", "reason": "disk", **answers})
    done = carry_out(generation)
    guard.at_start.clear()  # the workers that start now are other processes
    return generation, done


def test_what_waits_is_in_doubt_under_an_attempt_that_stands_for_the_sending(issuer, oracle):
    document = sale(issuer)
    generation, done = after_restore()
    assert one(document).status == "unknown"
    attempt = document.attempts.get()
    assert (attempt.outcome, attempt.worker, done["in_doubt"]) == ("unknown", "after_restore", 1)
    work()
    assert oracle.calls() == []
    assert Generation.objects.get(number=2).finished_at
    assert agree().generation == generation.token


def test_a_call_under_way_in_the_backup_is_in_doubt_at_once(issuer):
    document = make_document("submitting", issuer=issuer)
    make_attempt(document, outcome=None, finished_at=None, deadline_at=now() + timedelta(hours=1))
    after_restore()
    assert one(document).status == "unknown"
    assert document.attempts.get().outcome == "unknown"


def test_an_invalidation_that_waits_is_looked_up(issuer):
    document = make_document("invalidating", issuer=issuer)
    after_restore()
    assert one(document).status == "invalidation_unknown"
    assert document.next_at is not None
    assert document.attempts.get().operation == "invalidate"


def test_a_sale_that_comes_back_is_adopted_by_the_code_that_the_journal_saw(issuer, oracle):
    reference = issued_and_forgotten(issuer, oracle)
    _generation, done = after_restore()
    assert done["forgotten"] == 1
    document = sale(issuer)
    assert document.reference != reference
    work()
    assert one(document).status == "stamped"
    assert (document.reference, len(oracle.documents())) == (reference, 1)


def test_a_sale_that_comes_back_without_a_seen_code_waits_for_a_person(issuer, oracle, admin_user):
    issued_and_forgotten(issuer, oracle, fault="reset_before")
    after_restore()
    document = sale(issuer)
    work()
    assert one(document).status == "unknown"
    with pytest.raises(PreconditionFailed):
        send_again(document, actor=admin_user, reason="Not in the platform")
    let_quiet_period_pass(document)
    send_again(document, actor=admin_user, reason="Not in the platform")
    work()
    assert one(document).status == "stamped"
    assert len(oracle.documents()) == 1


def test_a_sale_paid_before_the_restore_of_which_nothing_is_known_is_in_doubt(issuer, oracle):
    after_restore()
    document = sale(issuer, occurred_at=now() - timedelta(days=2))
    work()
    assert one(document).status == "unknown"
    assert oracle.calls() == []


def test_a_sale_paid_after_the_restore_is_sent(issuer, oracle):
    after_restore()
    document = sale(issuer, occurred_at=now() + timedelta(minutes=6))
    work()
    assert one(document).status == "stamped"


def test_with_all_journals_what_none_of_them_names_is_sent(issuer, oracle):
    waiting = sale(issuer)
    issued_and_forgotten(issuer, oracle, number=2)
    after_restore(journals_complete=True)
    back = sale(issuer, 2)
    work()
    assert (one(waiting).status, one(back).status) == ("stamped", "stamped")
    assert waiting.attempts.get().worker != "after_restore"
    assert len(oracle.documents()) == 2


def test_the_word_that_all_journals_are_there_is_refused_without_the_newest(issuer, oracle):
    document = sale(issuer)
    submit_due_documents(issuer.pk)
    assert one(document).status == "stamped"
    forget(Attempt.objects.all())
    with pytest.raises(PreconditionFailed):
        after_restore(journals_complete=True)
    assert Generation.objects.count() == 1


def test_what_the_remote_refused_then_is_no_doubt(issuer, oracle):
    issued_and_forgotten(issuer, oracle, fault="reject_data")
    after_restore(journals_complete=True)
    document = sale(issuer)
    work()
    assert one(document).status == "stamped"
    assert LostSending.objects.get().outcome == "rejected"


def test_a_run_that_was_killed_is_carried_on_with_its_own_answers(issuer):
    documents = [sale(issuer, number) for number in range(3)]
    first = begin(since=None, journals_complete=False, by="ana", reason="disk")
    second = begin(since=None, journals_complete=True, by="eva", reason="again")
    assert (second.pk, second.by, second.journals_complete) == (first.pk, "ana", False)
    carry_out(second)
    carry_out(second)
    assert [one(document).status for document in documents] == ["unknown"] * 3
    assert Attempt.objects.count() == LostSending.objects.count() == 3


def test_it_is_refused_while_somebody_may_be_sending(issuer):
    living = Journal()
    with pytest.raises(PreconditionFailed, match=living.name):
        begin(since=None, journals_complete=False, by="ana", reason="disk")
    living.close()
    assert Generation.objects.count() == 1


def test_a_journal_handed_in_later_meets_the_doubt_that_exists(issuer, oracle):
    reference = issued_and_forgotten(issuer, oracle)
    generation = begin(since=None, journals_complete=False, by="ana", reason="disk")
    document = sale(issuer)
    # This host's journals come last, as those of another host would.
    doubt_all(generation)
    finish(generation, {})
    assert one(document).status == "unknown"
    import_journals(generation)
    sweep_attempts()
    work()
    assert one(document).status == "stamped"
    assert len(oracle.documents(reference)) == 1
