"""A database and a data directory for a worker in a process of its own, on the engine that the suite runs on."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]


def wait_for(what: Callable[[], bool], seconds: float) -> bool:
    """Return whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return what()


def is_running(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def own_database(directory: Path) -> Iterator[str]:
    """Yield the address of an empty database of the suite's engine."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        yield f"sqlite:///{directory / 'worker.sqlite3'}"
        return
    host, port = database["HOST"] or "127.0.0.1", database["PORT"] or 5432
    user, password = database["USER"], database["PASSWORD"]
    name = f"sello_worker_{os.getpid()}_{time.monotonic_ns():x}"
    with psycopg.connect(
        host=host, port=port, user=user, password=password, dbname="postgres", autocommit=True
    ) as door:
        door.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"postgres://{user}:{password}@{host}:{port}/{name}"
        finally:
            door.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def migrated_environment(directory: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of a worker whose database has its tables."""
    with own_database(directory) as address:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.config.worker_settings",
            "DATABASE_URL": address,
            "SELLO_DATA_DIR": str(directory),
            "LOG_LEVEL": "INFO",
        }
        migrate = [sys.executable, "manage.py", "migrate", "--run-syncdb", "-v0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        yield environment


@dataclass
class Worker:
    """A running `manage.py qworker`."""

    process: subprocess.Popen[bytes]
    directory: Path
    pids: list[int] = field(default_factory=list)

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()

    @property
    def idle(self) -> list[int]:
        """The process ids of the pool's workers, in the order of their start."""
        return [int(pid) for pid in re.findall(r"ready for work at (\d+)", self.log)]

    def is_up(self) -> bool:
        return len(self.idle) >= 2 and "pushing tasks" in self.log and "running." in self.log

    def note_pids(self) -> None:
        """Remember every process of the cluster, to look for orphans later."""
        self.pids = [self.process.pid, *descendants(self.process.pid)]

    def due(self, name: str) -> None:
        (self.directory / f"{name}.due").touch()

    def saw(self, name: str, seconds: float) -> bool:
        return wait_for((self.directory / name).exists, seconds)

    def ended_with(self, seconds: float) -> int:
        """Return the exit status; whoever is left of the cluster by then is an orphan."""
        status = self.process.wait(seconds)
        assert wait_for(lambda: not any(map(is_running, self.pids)), 3), self.log
        return status


def descendants(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def spawn(directory: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a worker in a process group of its own; its output goes to the file `log`."""
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "manage.py", "qworker"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def start(directory: Path, environment: dict[str, str]) -> Worker:
    """Start a worker and wait until its pool is up."""
    process = spawn(directory, environment)
    worker = Worker(process, directory)
    try:
        assert wait_for(lambda: worker.is_up() or process.poll() is not None, 30), worker.log
        assert worker.is_up(), worker.log
    except AssertionError:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    worker.note_pids()
    return worker


@contextmanager
def running(directory: Path, environment: dict[str, str]) -> Iterator[Worker]:
    """Yield a worker that is up; whatever becomes of the test, none of its processes stays."""
    worker = start(directory, environment)
    try:
        yield worker
    finally:
        for pid in filter(is_running, [*worker.pids, *descendants_if_running(worker.process.pid)]):
            os.kill(pid, signal.SIGKILL)
        worker.process.wait()


def descendants_if_running(pid: int) -> list[int]:
    return descendants(pid) if is_running(pid) else []
