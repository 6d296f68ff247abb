"""A PostgreSQL server of the runs' own, because it is made to crash: nobody else's may be."""

import getpass
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from tests.faults.processes import Failed, Process, end, free_port, spawn, wait_until

SETTINGS = {"max_connections": "200", "shared_buffers": "256MB", "listen_addresses": "127.0.0.1"}
MISSING = (
    "make faults starts a PostgreSQL server of its own and makes it crash, so it needs the server's programs (initdb, "
    "postgres): apt-get install postgresql, or name their folder in PGBIN."
)


def programs() -> Path:
    """Return the folder of the newest server's programs, or raise Failed."""
    if named := os.environ.get("PGBIN"):
        folders = [Path(named)]
    else:
        installed = Path("/usr/lib/postgresql").glob("*/bin")
        folders = sorted(installed, key=lambda folder: int(folder.parent.name), reverse=True)
        folders += [Path(found).parent for found in [shutil.which("initdb")] if found]
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Failed(MISSING)


class Postgres:
    """One server in a folder of its own; `with Postgres() as server: ...` removes it in the end."""

    def __init__(self) -> None:
        self.programs = programs()
        self.user = _server_user()
        self.folder = Path(tempfile.mkdtemp(prefix="sello-faults-postgres-"))
        self.port = free_port()
        self.crashes = 0
        self.process: Process | None = None

    def __enter__(self) -> Self:
        if self.user:
            shutil.chown(self.folder, self.user)
        options = ["-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        made = subprocess.run(
            [self.programs / "initdb", *options], user=self.user, cwd=self.folder, capture_output=True, text=True
        )
        if made.returncode:
            raise Failed(f"initdb: {made.stderr}")
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self.process:
            end(self.process, kindly=signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server and wait until it takes connections, which after a crash includes its recovery."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        place = ["-D", self.folder / "data", "-p", str(self.port), "-k", self.folder]
        log = self.folder / "log"
        log.touch()
        self.process = spawn(
            [self.programs / "postgres", *place, *settings], log=log, cwd=self.folder, env={}, user=self.user
        )
        wait_until(f"PostgreSQL answers ({log})", self._answers, seconds=60)

    def crash(self) -> None:
        """Stop at once without a checkpoint (`pg_ctl stop -m immediate`), and start again."""
        if self.process is None:
            raise Failed("PostgreSQL does not run")
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(60)
        self.crashes += 1
        self.start()

    def url(self, name: str) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template1") -> str:
        """Create a database, empty or as a copy of another one, and return its address."""
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def restore(self, name: str, *, backup: str) -> None:
        """Put the copy that was made before in the place of a database."""
        self._execute("DROP DATABASE {} WITH (FORCE)", name)
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, backup)

    def _execute(self, statement: str, *names: str) -> None:
        give_up_at = time.monotonic() + 10
        while True:
            try:
                with psycopg.connect(self.url("postgres"), autocommit=True) as door:
                    door.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]
                return
            except psycopg.errors.ObjectInUse:
                # The sessions of processes that have just ended live on for a moment.
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.2)

    def _answers(self) -> bool:
        if self.process and self.process.poll() is not None:
            raise Failed(f"PostgreSQL ended:\n{(self.folder / 'log').read_text()[-2000:]}")
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as the user that its package made."""
    if getpass.getuser() != "root" and os.getuid() != 0:
        return None
    try:
        pwd.getpwnam("postgres")
    except KeyError as error:
        raise Failed(
            "PostgreSQL does not run as root: make a user postgres, or run make faults as another one."
        ) from error
    return "postgres"
