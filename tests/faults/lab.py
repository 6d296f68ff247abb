"""What the runs share: a PostgreSQL server, a provisioned template database, stand-ins, folders, a seed."""

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import requests

from billing.sandbox.shop import Shop
from smartbill.providers.el_salvador.sandbox import SandboxControl
from tests.faults.postgres import Postgres
from tests.faults.processes import Failed, Process, end, free_port, spawn, wait_until

ROOT = Path(__file__).resolve().parents[2]
DROPPED = {
    "CACHE_URL",
    "Q_BROKER_URL",
    "EMAIL_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "SMARTBILL_SV_CONTRACT",
    "SENTRY_DSN",
}
DROPPED |= {"CRASH_AT", "OPERATIONS_TOKEN", "FIELD_ENCRYPTION_KEYS", "RESEND_API_KEY", "DEBUG", "Q_CLUSTER_NAME"}
PASSWORD = "a-finance-manager-of-the-fault-runs"
ONE_SECOND_REMOTE = {
    "SMARTBILL_CONNECT_TIMEOUT": "1",
    "SMARTBILL_READ_TIMEOUT": "2",
    "SMARTBILL_SV_CONTRACT": '{"quiet.period": 5, "quiet.contingency": 5}',
    # Production's minute is two seconds here, and its half minute half a second.
    "SMARTBILL_BREAKER": '{"window": 2, "first_probe": 0.5, "longest_probe": 2}',
}


@dataclass
class Lab:
    """Made once for all runs. Whatever it started ends with it."""

    seed: int
    short: bool
    say: Callable[[str], None]
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="sello-faults-")))
    processes: list[Process] = field(default_factory=list)
    webhook_uuid: str = field(default_factory=lambda: str(uuid4()))
    webhook_secret: str = field(default_factory=lambda: "whsec_" + secrets.token_hex(24))
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    databases: int = 0
    scale: float = 1.0
    notes: dict[str, Any] = field(default_factory=dict)
    """What one run has seen and another one judges."""

    def __enter__(self) -> Self:
        self.postgres = Postgres()
        try:
            self.postgres.__enter__()
            self._make_template()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self.processes:
            end(process, seconds=5)
        self.postgres.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def size(self, *, full: int, short: int) -> int:
        """Return how many of something this run has."""
        return max(1, round((short if self.short else full) * self.scale))

    def environment(self, database: str, folder: Path) -> dict[str, str]:
        """The environment of every process: the runner's, without any address of a real system."""
        kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
        return (
            kept
            | ONE_SECOND_REMOTE
            | {
                "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
                "DATABASE_URL": database,
                "SELLO_DATA_DIR": str(folder),
                "SECRET_KEY": self.secret_key,
                "FIELD_ENCRYPTION_KEYS": f"sealed-{self.secret_key}",
                "STRIPE_API_KEY": "sk_test_" + "0" * 24,
                "STRIPE_WEBHOOK_UUID": self.webhook_uuid,
                "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
                "SMARTBILL_SV_MANAGER_PUBLIC_KEY": "public_manager",
                "SMARTBILL_SV_MANAGER_PRIVATE_KEY": "private_manager",
                "SMARTBILL_SV_TRANSMITTER_PUBLIC_KEY": "public_transmitter",
                "SMARTBILL_SV_TRANSMITTER_PRIVATE_KEY": "private_transmitter",
                "DEMO_ADMIN_PASSWORD": PASSWORD,
                "LANGUAGE_CODE": "en",
                "PYTHONUNBUFFERED": "1",
            }
        )

    def clone(self) -> str:
        """Return the address of a new copy of the template."""
        self.databases += 1
        return self.postgres.create(f"run_{self.databases}", template="template_of_runs")

    def stand_in(self, name: str, *options: str) -> str:
        """Start a stand-in and return its address."""
        port = free_port()
        environment = self.environment("sqlite://:memory:", self.folder)
        arguments = [sys.executable, "-m", "tests.faults.stand_in", name, str(port), *options]
        log = self.folder / f"{name}-{port}.log"
        process = spawn(arguments, log=log, cwd=ROOT, env=environment)
        self.processes.append(process)
        address = f"http://127.0.0.1:{port}"
        wait_until(f"the stand-in {name} answers ({log})", lambda: answers(f"{address}/_sandbox/state"), seconds=60)
        return address

    def _make_template(self) -> None:
        self.say("own PostgreSQL; migrations and provisioning of the template database")
        address = self.postgres.create("template_of_runs")
        environment = self.environment(address, self.folder)
        # dj-stripe's tables refer to those of django.contrib.auth, which therefore come first.
        for arguments in (
            ["migrate", "auth"],
            ["migrate", "--run-syncdb"],
            ["provision", "config/demo/provision.toml"],
        ):
            self._manage(environment, *arguments)

    def _manage(self, environment: dict[str, str], *arguments: str) -> None:
        log = self.folder / "manage.log"
        process = spawn([sys.executable, "manage.py", *arguments], log=log, cwd=ROOT, env=environment)
        if process.wait():
            raise Failed(f"manage.py {arguments[0]}:\n{log.read_text()[-3000:]}")


@dataclass(frozen=True)
class StandIns:
    """The outside world of one run, each part a process; `authority` and `mails` are the oracles."""

    stripe: str
    smartbill: str
    mail: str

    @classmethod
    def start(cls, lab: Lab, *, latency: float = 0.05) -> Self:
        return cls(lab.stand_in("stripe"), lab.stand_in("smartbill", str(latency)), lab.stand_in("mail"))

    @property
    def shop(self) -> Shop:
        return Shop(self.stripe)

    @property
    def authority(self) -> SandboxControl:
        return SandboxControl(self.smartbill)

    def mails(self) -> dict[str, int]:
        """Return how many mails were accepted for delivery, by Message-ID."""
        answer = requests.get(f"{self.mail}/_sandbox/state", timeout=30)
        accepted: dict[str, int] = answer.json()["accepted"]
        return accepted

    def plan_mail(self, *, seconds: float = 0.0, lose: float = 0.0) -> None:
        """Let each mail take so long, and lose this part of the answers."""
        requests.post(f"{self.mail}/_sandbox/plan", json={"seconds": seconds, "lose": lose}, timeout=30)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).status_code < 500
    except requests.RequestException:
        return False
