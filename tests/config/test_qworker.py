"""The real worker, killed and stopped in every way that hangs the stock cluster."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.config.worker_house import (
    ROOT,
    Worker,
    descendants,
    migrated_environment,
    own_database,
    running,
    spawn,
    wait_for,
)

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A migrated database, shared by the tests of this file."""
    with migrated_environment(tmp_path_factory.mktemp("database")) as environment:
        yield environment


@pytest.fixture
def worker(environment: dict[str, str], tmp_path: Path) -> Iterator[Worker]:
    with running(tmp_path, {**environment, "SELLO_DATA_DIR": str(tmp_path)}) as worker:
        yield worker


def test_the_bell_rings_a_drain_that_is_due_within_two_seconds(worker: Worker) -> None:
    worker.due("quick")
    assert worker.saw("quick.done", 2)


def test_an_idle_worker_that_is_killed_ends_the_cluster_with_an_error(worker: Worker) -> None:
    os.kill(worker.idle[0], signal.SIGKILL)
    assert worker.ended_with(5) == 1
    assert "was ended by signal 9" in worker.log


def test_a_task_in_hand_is_finished_before_the_cluster_ends_with_an_error(worker: Worker) -> None:
    worker.due("slow")
    assert worker.saw("slow.started", 5)
    (name,) = re.findall(r"(\S+) processing .*worker_tasks\.slow", worker.log)
    (idle,) = re.findall(rf"worker-(?!{name.removeprefix('worker-')} )\S+ ready for work at (\d+)", worker.log)
    os.kill(int(idle), signal.SIGKILL)
    assert worker.ended_with(10) == 1
    assert worker.saw("slow.done", 0)


def test_a_signal_to_the_group_lets_the_running_task_finish(worker: Worker) -> None:
    worker.due("slow")
    assert worker.saw("slow.started", 5)
    os.killpg(worker.process.pid, signal.SIGTERM)
    assert worker.ended_with(20) == 0
    assert worker.saw("slow.done", 0)


def test_two_signals_close_together_stop_it_once(worker: Worker) -> None:
    os.kill(worker.process.pid, signal.SIGTERM)
    time.sleep(0.0005)
    os.kill(worker.process.pid, signal.SIGTERM)
    assert worker.ended_with(10) == 0


def test_a_signal_to_the_group_during_the_start_stops_it(environment: dict[str, str], tmp_path: Path) -> None:
    """The signal comes while the pool is half made: after the first fork, before the guard is up."""
    worker = Worker(spawn(tmp_path, {**environment, "SELLO_DATA_DIR": str(tmp_path)}), tmp_path)
    try:
        assert wait_for(lambda: bool(descendants(worker.process.pid)), 20)
        worker.note_pids()
        os.killpg(worker.process.pid, signal.SIGTERM)
        assert worker.ended_with(10) == 0
    finally:
        worker.process.kill()
        worker.process.wait()


def test_control_c_stops_it(worker: Worker) -> None:
    os.killpg(worker.process.pid, signal.SIGINT)
    assert worker.ended_with(10) == 0


def test_no_pool_outlives_its_main_process(worker: Worker) -> None:
    os.kill(worker.process.pid, signal.SIGKILL)
    assert worker.ended_with(5) == -signal.SIGKILL


def test_no_pool_outlives_its_sentinel(worker: Worker) -> None:
    os.kill(worker.pids[1], signal.SIGKILL)
    assert worker.ended_with(5) == 1


def test_a_second_start_works_where_the_first_was_killed(worker: Worker, environment: dict[str, str]) -> None:
    os.kill(worker.idle[0], signal.SIGKILL)
    assert worker.ended_with(5) == 1
    with running(worker.directory, {**environment, "SELLO_DATA_DIR": str(worker.directory)}) as again:
        again.due("quick")
        assert again.saw("quick.done", 5)
        os.killpg(again.process.pid, signal.SIGTERM)
        assert again.ended_with(10) == 0


def test_tasks_that_do_not_end_are_cut_off_after_the_grace(environment: dict[str, str], tmp_path: Path) -> None:
    settings = "tests.config.worker_settings_without_grace"
    environment = {**environment, "SELLO_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": settings}
    with running(tmp_path, environment) as worker:
        worker.due("endless")
        assert worker.saw("endless.started", 5)
        os.kill(worker.process.pid, signal.SIGTERM)
        assert worker.ended_with(10) == 1


def test_the_beat_comes_back_and_is_written_down(worker: Worker, environment: dict[str, str]) -> None:
    address = environment["DATABASE_URL"]
    assert wait_for(lambda: count(address, "config_heartbeat WHERE name = 'worker'") == 1, 5), worker.log
    assert count(address, "django_q_schedule WHERE name = 'sello.beat' AND minutes = 1") == 1


def test_its_host_is_known_while_it_runs_and_missed_only_if_it_was_killed(
    worker: Worker, environment: dict[str, str]
) -> None:
    address, hosts = environment["DATABASE_URL"], "config_heartbeat WHERE name LIKE 'host:%'"
    assert wait_for(lambda: count(address, hosts) == 1, 5), worker.log
    os.kill(worker.process.pid, signal.SIGKILL)
    assert worker.ended_with(5) == -signal.SIGKILL
    assert count(address, hosts) == 1
    with running(worker.directory, {**environment, "SELLO_DATA_DIR": str(worker.directory)}) as again:
        os.kill(again.process.pid, signal.SIGTERM)
        assert again.ended_with(20) == 0
    assert count(address, hosts) == 0


def count(address: str, rows: str) -> int:
    query = f"SELECT count(*) FROM {rows}"  # noqa: S608 - written in this file
    if address.startswith("sqlite"):
        with sqlite3.connect(address.removeprefix("sqlite:///")) as connection:
            return int(connection.execute(query).fetchone()[0])
    with psycopg.connect(address) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def test_without_tables_it_says_so_and_ends(tmp_path: Path) -> None:
    with own_database(tmp_path) as address:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.config.worker_settings",
            "DATABASE_URL": address,
            "SELLO_DATA_DIR": str(tmp_path),
        }
        command = [sys.executable, "manage.py", "qworker"]
        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert "The database is not ready" in ended.stderr
