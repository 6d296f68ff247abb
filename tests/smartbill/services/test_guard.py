"""Nobody sends from a database that does not know what was sent last."""

import pytest

from notifications.models import Alert
from smartbill import sent_record
from smartbill.errors import GenerationChanged, RecordMissing, RestoreNeeded
from smartbill.models import Attempt, Generation
from smartbill.providers.el_salvador.sandbox import SandboxControl
from smartbill.services import guard
from smartbill.services.create import create_document
from smartbill.services.guard import agree, begin_if_first, stop_everybody
from smartbill.services.submit import submit_due_documents
from tests.factories.documents import make_attempt, make_document
from tests.factories.smartbill import make_draft
from tests.flows.engine import issuer_with_keys
from tests.flows.forgetting import forget

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def sent(worker: str = "here-1") -> Attempt:
    """Return an attempt that the record knows."""
    attempt = make_attempt(make_document(), worker=worker)
    sent_record.advance(attempt=attempt.pk, worker=worker)
    return attempt


def test_the_first_start_begins_the_first_generation():
    begin_if_first()
    assert agree().generation == Generation.objects.get().token
    begin_if_first()
    assert Generation.objects.get().number == 1


def test_an_installation_older_than_the_guard_begins_with_its_newest_attempt():
    attempt = make_attempt(make_document(), worker="here-1")
    begin_if_first()
    assert agree().attempt == attempt.pk


def test_a_database_that_knows_the_newest_attempt_is_believed():
    begin_if_first()
    attempt = sent()
    assert agree().attempt == attempt.pk


def test_a_database_that_forgot_the_newest_attempt_is_refused():
    begin_if_first()
    forget(Attempt.objects.filter(pk=sent().pk))
    with pytest.raises(RestoreNeeded):
        agree()


def test_the_same_number_given_anew_is_another_attempt():
    begin_if_first()
    attempt = sent("here-1")
    Attempt.objects.filter(pk=attempt.pk).update(worker="here-2")
    with pytest.raises(RestoreNeeded):
        agree()


def test_a_host_without_record_neither_sends_nor_blesses():
    begin_if_first()
    make_attempt(make_document())
    sent_record.path().unlink()
    begin_if_first()
    with pytest.raises(RecordMissing):
        agree()
    assert sent_record.read() is None


def test_an_empty_database_under_a_record_is_refused():
    sent_record.begin(generation="of another life")
    begin_if_first()
    with pytest.raises(RestoreNeeded):
        agree()
    assert not Generation.objects.exists()


def test_a_generation_begun_elsewhere_makes_this_process_start_anew():
    begin_if_first()
    agree()
    Generation.objects.create(number=2, finished_at="2026-11-21T10:00Z")
    with pytest.raises(GenerationChanged):
        agree()


def test_a_restore_that_is_not_finished_lets_nobody_send():
    begin_if_first()
    Generation.objects.create(number=2)
    with pytest.raises(RestoreNeeded, match="run it again"):
        agree()


def test_who_notices_stops_the_other_hosts_and_warns_people_once():
    begin_if_first()
    for _time in range(2):
        stop_everybody(RestoreNeeded("Attempt 9 is missing."))
    with pytest.raises(RestoreNeeded, match="Attempt 9 is missing"):
        agree()
    assert Alert.objects.get().kind == "restore_needed"


def test_a_missing_record_stops_this_host_only():
    begin_if_first()
    stop_everybody(RecordMissing("No record."))
    agree()
    assert Alert.objects.get().key == guard.host_key()


def test_the_engine_notices_before_it_claims_and_sends_nothing(smartbill_sandbox):
    issuer = issuer_with_keys()
    first = create_document(draft=make_draft(issuer))
    submit_due_documents(issuer.pk)
    first.refresh_from_db()
    assert first.status == "stamped"
    forget(first.attempts.all())
    second = create_document(draft=make_draft(issuer, source="invoice:in_2"))
    submit_due_documents(issuer.pk)
    second.refresh_from_db()
    assert (second.status, second.attempts.count()) == ("ready", 0)
    assert len(SandboxControl(smartbill_sandbox.url).calls()) == 1
    assert Generation.objects.get().contradiction


def test_what_cannot_be_noted_outside_does_not_leave(smartbill_sandbox, monkeypatch):
    def no_space(**_attempt):
        raise OSError("No space left on device")

    issuer = issuer_with_keys()
    document = create_document(draft=make_draft(issuer))
    monkeypatch.setattr(sent_record, "advance", no_space)
    submit_due_documents(issuer.pk)
    document.refresh_from_db()
    assert (document.status, document.attempts.get().outcome) == ("ready", "not_sent")
    assert SandboxControl(smartbill_sandbox.url).calls() == []
