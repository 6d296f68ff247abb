"""A database with a worker of its own that can be backed up and restored, on the engine that the suite runs on."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from smartbill.providers.el_salvador.sandbox import SandboxControl
from tests.config.worker_house import ROOT, is_running, own_database, wait_for
from tests.faults.lab import ONE_SECOND_REMOTE
from tests.faults.processes import Process, end, kill_tree, spawn

SETTINGS = "tests.faults.settings"


@dataclass
class Installation:
    """`root` is the tree whose code runs."""

    address: str
    folder: Path
    smartbill: str
    root: Path = ROOT

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in ("CACHE_URL", "SECRET_KEY")}
        return inherited | {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "DATABASE_URL": self.address,
            "SELLO_DATA_DIR": str(self.folder),
            "SMARTBILL_SV_BASE_URL": self.smartbill,
            **ONE_SECOND_REMOTE,
            "FAULTS_WORKERS": "2",
            "PYTHONUNBUFFERED": "1",
        }

    def manage(self, *arguments: str, status: int = 0) -> str:
        """Run a command to its end, which must be this status; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def shell(self, code: str) -> str:
        return self.manage("shell", "-v0", "-c", code)

    def statuses(self) -> dict[str, int]:
        """Return how many documents there are in each state."""
        return dict(self.ask("SELECT status, count(*) FROM smartbill_document GROUP BY status"))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, read beside the product."""
        if self.is_sqlite:
            with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as database:
                return database.execute(query).fetchall()
        with psycopg.connect(self.address) as connection:
            return connection.execute(query).fetchall()

    @contextmanager
    def worker(self) -> Iterator[Process]:
        process = spawn(
            [sys.executable, "manage.py", "qworker"], log=self.folder / "log", cwd=self.root, env=self.environment
        )
        try:
            yield process
        finally:
            if is_running(process.pid):
                end(process, seconds=40)
            kill_tree(process)

    def work_until(self, oracle: SandboxControl, issued: int) -> None:
        """Let a worker run until the stand-in has issued so many and every answer is recorded."""
        with self.worker():
            assert wait_for(lambda: len(oracle.documents()) >= issued, 60), (self.folder / "log").read_text()
            assert wait_for(lambda: self.statuses().get("stamped", 0) >= issued, 180), self.statuses()

    # Backups ------------------------------------------------------------------------------------------------------

    @property
    def is_sqlite(self) -> bool:
        return self.address.startswith("sqlite")

    @property
    def file(self) -> Path:
        return Path(self.address.removeprefix("sqlite:///"))

    def back_up(self) -> Path:
        backup = self.folder / "backup"
        if self.is_sqlite:
            with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(backup)) as target:
                source.backup(target)
        else:
            subprocess.run(["pg_dump", "--no-owner", "--file", str(backup), self.address], check=True)  # noqa: S607
        return backup

    def restore(self, backup: Path) -> None:
        if self.is_sqlite:
            for name in (self.file.name, f"{self.file.name}-wal", f"{self.file.name}-shm"):
                self.file.with_name(name).unlink(missing_ok=True)
            self.file.write_bytes(backup.read_bytes())
            return
        name = sql.Identifier(self.address.rpartition("/")[2])
        door = self.address.rpartition("/")[0] + "/postgres"
        with psycopg.connect(door, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        psql = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--file", str(backup), self.address]
        subprocess.run(psql, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def installation(folder: Path, smartbill: str) -> Iterator[Installation]:
    """Yield an installation whose database has its tables, and nothing else."""
    with own_database(folder) as address:
        made = Installation(address, folder, smartbill)
        # dj-stripe's tables, made without its migrations, refer to those of django.contrib.auth.
        made.manage("migrate", "auth", "-v0")
        made.manage("migrate", "--run-syncdb", "-v0")
        yield made
