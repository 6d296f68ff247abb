"""`manage.py after_restore`: says what it found, asks, and leaves an audit row."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from smartbill import sent_record
from smartbill.models import Generation, SendingHost
from smartbill.services import guard
from smartbill.services.vouch import join_senders
from tests.factories.documents import make_attempt, make_document

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _restored(settings, tmp_path):
    """A database that has forgotten the attempt that was sent last, with one document ready to be sent."""
    settings.DATA_DIR = tmp_path
    join_senders()
    guard.at_start.clear()
    make_document("ready")
    sent_record.advance(attempt=41, worker="here-1")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("after_restore", *arguments, stdout=out)
    guard.at_start.clear()
    return out.getvalue()


def test_it_says_what_it_found_and_changes_nothing_without_a_yes(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        run()
    assert Generation.objects.count() == 1


def test_a_yes_begins_the_next_life_with_who_when_and_why(monkeypatch):
    monkeypatch.setattr("builtins.input", lambda question: "yes")
    out = run("--by", "ana", "--reason", "disk lost", "--backup-made-at", "2026-11-20T04:00:00Z")
    assert "Attempt 41 was sent by here-1" in out
    assert "1 Ready to send" in out
    generation = Generation.objects.get(number=2)
    assert (generation.by, generation.reason, generation.since.isoformat()) == (
        "ana", "disk lost", "2026-11-20T04:00:00+00:00",
    )  # fmt: skip
    assert "Attempt 41" in generation.detail["contradiction"]
    join_senders()


def test_a_second_run_finds_nothing_left_to_do():
    run("--yes")
    assert "Nothing but your word says" in run("--yes")


def test_a_time_without_zone_is_refused():
    with pytest.raises(CommandError, match="with its zone"):
        run("--yes", "--backup-made-at", "2026-11-20T04:00:00")


def test_a_lost_record_is_written_anew_on_a_persons_word_and_never_against_a_contradiction():
    with pytest.raises(CommandError, match="It was restored"):
        run("--current", "--yes", "--reason", "I know")
    sent_record.path().unlink()
    with pytest.raises(CommandError, match="--reason"):
        run("--current", "--yes")
    run("--current", "--yes", "--reason", "The volume of the data directory was lost; the database was not touched.")
    assert Generation.objects.get(number=2).since is None
    join_senders()


def test_a_host_that_is_gone_is_retired():
    make_attempt(make_document())
    SendingHost.objects.create(token="b" * 32, name="host-b")
    run("--retire", "host-b")
    assert SendingHost.objects.get(name="host-b").retired_at
    with pytest.raises(CommandError, match="No host 'host-b'"):
        run("--retire", "host-b")
