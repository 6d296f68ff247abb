"""The record outside of the database: it only moves forward, survives a torn write, and is not believed as a copy."""

import shutil

import pytest

from smartbill import sent_record


@pytest.fixture
def path():
    return sent_record.path()


def test_without_a_file_there_is_no_record():
    assert sent_record.read() is None


def test_it_names_generation_and_newest_attempt_and_is_private(path):
    sent_record.begin(generation="g1", attempt=7, worker="here-1")
    record = sent_record.read()
    assert (record.generation, record.attempt, record.worker) == ("g1", 7, "here-1")
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_moves_forward_only(path):
    sent_record.begin(generation="g1", attempt=7, worker="here-1")
    sent_record.advance(attempt=9, worker="here-2")
    sent_record.advance(attempt=8, worker="here-1")
    assert (sent_record.read().attempt, sent_record.read().worker) == (9, "here-2")


def test_the_host_keeps_its_token_over_generations():
    first = sent_record.begin(generation="g1")
    assert sent_record.begin(generation="g2").host == first.host


def test_a_write_cut_short_leaves_the_one_before(path):
    sent_record.begin(generation="g1", attempt=7, worker="here-1")
    sent_record.advance(attempt=8, worker="here-1")
    torn = sent_record.read().turn % 2 * sent_record.SLOT
    with path.open("r+b") as file:
        file.seek(torn + 60)
        file.write(b"\0" * 40)
    assert sent_record.read().attempt == 7


def test_a_copy_that_came_back_with_a_backup_is_not_believed(path, tmp_path):
    sent_record.begin(generation="g1", attempt=7, worker="here-1")
    shutil.copy2(path, tmp_path / "backup")
    path.rename(tmp_path / "lost")
    shutil.copy2(tmp_path / "backup", path)
    assert sent_record.read() is None


def test_a_record_that_has_gone_lets_nothing_leave():
    with pytest.raises(OSError, match="has gone"):
        sent_record.advance(attempt=1, worker="here-1")


def test_time_is_renewed_once_a_minute(monkeypatch):
    sent_record.begin(generation="g1", attempt=7, worker="here-1")
    turn = sent_record.read().turn
    sent_record.renew(attempt=7, worker="here-1")
    assert sent_record.read().turn == turn
    later = sent_record.read().at + sent_record.FRESH + 1
    monkeypatch.setattr(sent_record.time, "time", lambda: later)
    sent_record.renew(attempt=7, worker="here-1")
    assert sent_record.read().at == later
