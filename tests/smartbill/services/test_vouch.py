"""A host begins to send when its own record agrees, and when it knows enough of what the others sent."""

import time

import pytest
from django.utils.timezone import now

from notifications.models import Alert
from smartbill import sent_record
from smartbill.errors import RecordMissing, RestoreNeeded
from smartbill.journal import Journal
from smartbill.models import Generation, LostSending, SendingHost
from smartbill.services import guard, vouch
from smartbill.services.guard import agree, stop_everybody
from smartbill.services.vouch import HARDLY_AWAY, Sentry, join_senders
from tests.factories.documents import make_attempt, make_document

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_data(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def another_host():
    """Return the row of another host that has sent from this database."""
    join_senders()
    guard.at_start.clear()
    make_attempt(make_document())
    return SendingHost.objects.create(token="b" * 32, name="host-b", agreed=5, sure=5)


def was_away(monkeypatch, seconds: float) -> None:
    """Let so much time have passed since this host last agreed with the database."""
    later = time.time() + seconds
    monkeypatch.setattr(vouch.time, "time", lambda: later)


def meanwhile(**changes):
    """Return a sleep during which another host does something."""

    def sleep(_seconds):
        SendingHost.objects.filter(name="host-b").update(**changes)

    return sleep


def never(_seconds):
    pytest.fail("it waited")


def test_the_first_host_of_an_installation_begins_at_once():
    join_senders(sleep=never)
    assert SendingHost.objects.get().sure == 0
    assert agree().generation == Generation.objects.get().token


def test_a_host_that_is_alone_needs_nobody(monkeypatch):
    join_senders()
    was_away(monkeypatch, 30 * 24 * 3600)
    join_senders(sleep=never)


def test_a_host_that_was_hardly_away_needs_nobody(another_host, monkeypatch):
    was_away(monkeypatch, HARDLY_AWAY - 5)
    join_senders(sleep=never)


def test_a_host_that_was_away_begins_when_one_that_is_sure_says_so(another_host, monkeypatch):
    was_away(monkeypatch, HARDLY_AWAY + 5)
    join_senders(sleep=meanwhile(agreed=6, sure=6))


def test_hosts_that_were_all_away_begin_when_all_records_agree(another_host, monkeypatch):
    was_away(monkeypatch, HARDLY_AWAY + 5)
    join_senders(sleep=meanwhile(agreed=6))


def test_a_host_that_was_away_does_not_begin_on_its_own_word(another_host, monkeypatch):
    was_away(monkeypatch, HARDLY_AWAY + 5)
    with pytest.raises(RecordMissing, match="host-b"):
        join_senders(patience=0, sleep=meanwhile())


def test_a_host_that_is_gone_for_ever_is_not_waited_for(another_host, monkeypatch):
    was_away(monkeypatch, HARDLY_AWAY + 5)
    SendingHost.objects.filter(name="host-b").update(retired_at=now())
    join_senders(sleep=never)


def test_a_new_host_begins_when_one_that_is_sure_vouches_and_keeps_a_record_of_its_own(another_host):
    sent_record.path().unlink()
    join_senders(sleep=meanwhile(agreed=6, sure=6))
    assert agree().host != another_host.token
    assert SendingHost.objects.count() == 3


def test_a_new_host_does_not_bless_a_database_of_which_nobody_is_sure(another_host):
    sent_record.path().unlink()
    with pytest.raises(RecordMissing, match="host-b"):
        join_senders(patience=0, sleep=meanwhile(agreed=6))
    assert sent_record.read() is None


def test_the_only_host_without_its_record_asks_for_a_person_at_once():
    join_senders()
    SendingHost.objects.all().delete()
    make_attempt(make_document())
    sent_record.path().unlink()
    with pytest.raises(RecordMissing, match="--current"):
        join_senders(sleep=never)


def test_a_journal_that_knows_more_than_the_database_is_a_contradiction():
    join_senders()
    dead = Journal()
    dead.sending(41)
    dead.close()
    with pytest.raises(RestoreNeeded, match=dead.name):
        join_senders(sleep=never)


def test_a_host_follows_a_restore_dealt_with_elsewhere_and_hands_in_its_journals():
    join_senders()
    sent_record.advance(attempt=41, worker="lost")
    dead = Journal()
    dead.sending(41, {"source": "invoice:in_1", "operation": "submit"})
    dead.close()
    new = Generation.objects.create(number=2, since=now(), until=now(), finished_at=now())
    guard.at_start.clear()
    join_senders(sleep=never)
    assert agree().generation == new.token
    assert LostSending.objects.get().source == "invoice:in_1"


def test_while_it_runs_the_sentry_notices_and_stops_everybody():
    clock = [0.0]
    join_senders()
    sentry = Sentry(clock=lambda: clock[0])
    clock[0] += vouch.LOOK_EVERY
    assert sentry.still_agrees()
    assert SendingHost.objects.get().sure == 1
    sent_record.advance(attempt=41, worker="here-1")
    assert sentry.still_agrees(), "it looks every few seconds only"
    clock[0] += vouch.LOOK_EVERY
    assert not sentry.still_agrees()
    assert Generation.objects.get().contradiction
    assert Alert.objects.get().kind == "restore_needed"


def test_the_alert_of_a_host_ends_when_it_sends_again():
    join_senders()
    stop_everybody(RecordMissing("No record."))
    join_senders()
    assert Alert.objects.get().resolved_at is not None
