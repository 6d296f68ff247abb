"""What the rows stand on: a PostgreSQL server of the bench's own, an empty database for each, and a folder."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Self

from tests.faults.postgres import Postgres
from tests.faults.processes import Failed, spawn

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "template_of_bench"
DROPPED = {"CACHE_URL", "Q_BROKER_URL", "EMAIL_URL", "RESEND_API_KEY", "SMARTBILL_SV_CONTRACT", "CRASH_AT", "DEBUG"}


class Stage:
    """`with Stage() as stage:` starts the server and removes everything in the end."""

    def __init__(self) -> None:
        self.postgres = Postgres()
        self.folder = Path(tempfile.mkdtemp(prefix="sello-bench-"))
        self.clones = 0

    def __enter__(self) -> Self:
        self.postgres.__enter__()
        try:
            self._make_template()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.postgres.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, database: str, name: str = "template") -> dict[str, str]:
        """The environment of a row: the caller's without any address of a real system, and a folder of its own."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
            "DATABASE_URL": database,
            "SELLO_DATA_DIR": str(folder),
            "PYTHONUNBUFFERED": "1",
        }

    def clone(self) -> str:
        """Return the address of a new empty database with all tables."""
        self.clones += 1
        return self.postgres.create(f"bench_{self.clones}", template=TEMPLATE)

    def _make_template(self) -> None:
        environment = self.environment(self.postgres.create(TEMPLATE))
        log = self.folder / "migrate.log"
        arguments = [sys.executable, "manage.py", "migrate", "--run-syncdb", "-v0"]
        if spawn(arguments, log=log, cwd=ROOT, env=environment).wait():
            raise Failed(f"manage.py migrate:\n{log.read_text()[-3000:]}")
