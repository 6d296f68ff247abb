"""Whichever process of the worker is killed in the middle of a task: no orphan stays, and the next start goes on."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.worker_house import Worker, is_running, migrated_environment, running

pytestmark = pytest.mark.faults

PID = {"worker": r"ready for work at (\d+)", "pusher": r"pushing tasks at (\d+)", "monitor": r"monitoring at (\d+)"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with migrated_environment(tmp_path_factory.mktemp("database")) as environment:
        yield environment


def pid_of(worker: Worker, role: str) -> int:
    if role == "main":
        return worker.process.pid
    if role == "sentinel":
        return worker.pids[1]
    return int(re.findall(PID[role], worker.log)[-1])


@pytest.mark.parametrize("role", ["worker", "pusher", "monitor", "sentinel", "main"])
def test_the_next_start_goes_on_where_a_killed_one_was(role: str, environment: dict[str, str], tmp_path: Path) -> None:
    environment = {**environment, "SELLO_DATA_DIR": str(tmp_path)}
    with running(tmp_path, environment) as worker:
        worker.due("slow")
        assert worker.saw("slow.started", 10)
        os.kill(pid_of(worker, role), signal.SIGKILL)
        assert worker.ended_with(15) == (-signal.SIGKILL if role == "main" else 1)
        assert not [pid for pid in worker.pids if is_running(pid)]
    with running(tmp_path, environment) as again:
        again.due("quick")
        assert again.saw("quick.done", 10)
        os.killpg(again.process.pid, signal.SIGTERM)
        assert again.ended_with(15) == 0
