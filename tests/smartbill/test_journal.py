"""The journal tells a dead owner from a living one, and remembers what came back."""

import fcntl
import os
import subprocess
import sys
import time

import pytest

from smartbill import journal
from smartbill.journal import Journal, only_sweeper, orphans
from smartbill.providers.base import Exchange
from smartbill.services import sweep

ANSWER = Exchange(written=True, status=200, body=b'{"a": "\xc3\xb1\x00\xff"}', content_type="application/json")


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def test_a_living_owner_keeps_its_journal_to_itself():
    mine = Journal()
    mine.sending(1)
    assert list(orphans()) == []
    mine.close()


def test_a_dead_owner_leaves_what_it_knew():
    dead = Journal()
    dead.sending(1)
    dead.sending(2)
    dead.answer(2, ANSWER)
    dead.close()
    (orphan,) = orphans()
    assert orphan.name == dead.name
    assert orphan.sending == {1, 2}
    assert orphan.answers == {2: ANSWER}


def test_half_a_line_of_a_killed_writer_is_no_answer():
    dead = Journal()
    dead.sending(7)
    dead.answer(7, ANSWER)
    dead.close()
    path = journal.directory() / f"{dead.name}.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    (orphan,) = orphans()
    assert orphan.sending == {7}
    assert orphan.answers == {}


def test_a_line_cut_by_a_full_disk_is_an_error_and_takes_no_other_line_with_it(monkeypatch):
    dead = Journal()
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, line: write(fd, line[:20]))
    with pytest.raises(OSError, match="part of a line"):
        dead.answer(1, ANSWER)
    assert dead.unrecorded == {1: ANSWER}
    monkeypatch.undo()
    dead.sending(2)
    dead.close()
    (orphan,) = orphans()
    assert orphan.sending == {2}
    assert orphan.answers == {}


def test_a_journal_is_private_and_put_aside_when_settled():
    dead = Journal()
    dead.sending(4, {"source": "invoice:in_1"})
    dead.close()
    path = journal.directory() / f"{dead.name}.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    (orphan,) = orphans()
    orphan.put_aside()
    assert list(orphans()) == []
    (aside,) = journal.kept()
    assert (aside.name, aside.lines[4]["source"]) == (dead.name, "invoice:in_1")
    assert aside.path.stat().st_mode & 0o777 == 0o600
    assert aside.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_journal_in_which_nothing_was_sent_is_not_kept():
    Journal().close()
    (orphan,) = orphans()
    orphan.put_aside()
    assert (list(orphans()), list(journal.kept())) == ([], [])


def test_a_journal_is_kept_for_as_long_as_a_restore_may_need_it():
    for attempt_id in (1, 2):
        dead = Journal()
        dead.sending(attempt_id)
        dead.close()
    for orphan in orphans():
        orphan.put_aside()
    old, young = journal.kept()
    for aside, age in ((old, journal.KEPT_FOR + 60), (young, journal.KEPT_FOR - 60)):
        os.utime(aside.path, (time.time() - age,) * 2)
    journal.remove_old_journals()
    assert [aside.name for aside in journal.kept()] == [young.name]


def test_a_killed_process_gives_its_lock_back(tmp_path):
    code = (
        "import os, signal, sys; from django.conf import settings; settings.configure(DATA_DIR=sys.argv[1]);"
        "from smartbill.journal import Journal; j = Journal(); j.sending(3); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)])
    assert done.returncode == -9
    (orphan,) = orphans()
    assert orphan.sending == {3}


def test_one_process_at_a_time_reads_the_journals_of_the_dead():
    with only_sweeper():
        assert not is_free(journal.directory() / journal.SWEEPER)
    assert is_free(journal.directory() / journal.SWEEPER)


@pytest.mark.django_db
def test_a_sweep_reads_them_alone(monkeypatch):
    """Two sweeps at once: the second took a journal that the first was reading for one of the living, and gave up."""
    seen = []

    def looked_at():
        seen.append(is_free(journal.directory() / journal.SWEEPER))
        return iter(())

    monkeypatch.setattr(sweep, "orphans", looked_at)
    sweep.sweep_attempts()
    assert seen == [False]


def is_free(path):
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
