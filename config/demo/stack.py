"""The processes of the demonstration: stand-ins, web and worker, each exactly as an operator would start them."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from shlex import quote
from uuid import uuid4

import requests
from django.conf import settings

from smartbill.providers.el_salvador.sandbox import DEMO_ACCOUNT

START_TIMEOUT = 60
STOP_TIMEOUT = 30
WEB_THREADS = "8"


class StackFailed(Exception):
    """A process did not come up or ended too early; the text names it and its log."""


def free_port(wanted: int = 0) -> int:
    """Return the wanted loopback port if nobody has it, else any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stack:
    """Everything that runs. The data directory is emptied first, so that every demonstration starts from nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "log").mkdir(parents=True)
        self.choose_ports()
        self.webhook_uuid, self.webhook_secret = str(uuid4()), "whsec_" + secrets.token_hex(24)
        self.manager_key, self.transmitter_key = DEMO_ACCOUNT.keys[:2]
        self.password = secrets.token_urlsafe(12)
        self.keys: dict[str, str] = {}
        """The key of the authenticator app of each member of staff, by name."""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def choose_ports(self) -> None:
        """Take ports that are free now; called again right before the processes start, as a minute has passed."""
        self.web_port, self.stripe_port, self.smartbill_port = free_port(8000), free_port(12111), free_port(12112)
        self.web = f"http://127.0.0.1:{self.web_port}"
        self.stripe = f"http://127.0.0.1:{self.stripe_port}"
        self.smartbill = f"http://127.0.0.1:{self.smartbill_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process: the caller's, without any address of a real system."""
        kept = {name: value for name, value in os.environ.items() if name not in DROPPED}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "SELLO_DATA_DIR": str(self.folder),
            "PUBLIC_BASE_URL": self.web,
            "STRIPE_API_KEY": "sk_test_" + "0" * 24,
            "STRIPE_API_BASE": self.stripe,
            "STRIPE_WEBHOOK_UUID": self.webhook_uuid,
            "STRIPE_WEBHOOK_SECRET": self.webhook_secret,
            "SMARTBILL_SV_BASE_URL": f"{self.smartbill}/v1",
            "SMARTBILL_SV_MANAGER_PUBLIC_KEY": self.manager_key.public_key,
            "SMARTBILL_SV_MANAGER_PRIVATE_KEY": self.manager_key.private_key,
            "SMARTBILL_SV_TRANSMITTER_PUBLIC_KEY": self.transmitter_key.public_key,
            "SMARTBILL_SV_TRANSMITTER_PRIVATE_KEY": self.transmitter_key.private_key,
            "DEMO_ADMIN_PASSWORD": self.password,
            "TIME_ZONE": "America/El_Salvador",
            "LANGUAGE_CODE": "es",
            "PYTHONUNBUFFERED": "1",
        }

    def write_environment(self) -> None:
        """Write what sets the demonstration apart from the caller's environment: a second terminal reads it."""
        path = self.folder / "environment"
        path.touch(mode=0o600)
        ours = {name: value for name, value in self.environment.items() if os.environ.get(name) != value}
        lines = [f"unset {' '.join(sorted(DROPPED))}", *(f"export {name}={quote(ours[name])}" for name in sorted(ours))]
        path.write_text("\n".join(lines) + "\n")

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end and return what it printed."""
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own command
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise StackFailed(f"manage.py {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def start(self, name: str, *arguments: str) -> None:
        """Start a process of its own session, so that Ctrl-C reaches the story first; its output goes to a log."""
        with (self.folder / "log" / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(  # noqa: S603 - as above
                [sys.executable, *arguments],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, name: str, url: str) -> None:
        """Wait until the process answers at the address, or raise StackFailed with the end of its log."""
        give_up_at = time.monotonic() + START_TIMEOUT
        while time.monotonic() < give_up_at:
            if self.processes[name].poll() is not None:
                break
            try:
                if requests.get(url, timeout=2).status_code < 500:
                    return
            except requests.RequestException:
                time.sleep(0.1)
            else:
                time.sleep(0.1)
        tail = (self.folder / "log" / f"{name}.log").read_text(errors="replace")[-2000:]
        raise StackFailed(f"{name} does not answer at {url}:\n{tail}")

    def start_sandbox(self) -> None:
        ports = ["--stripe-port", str(self.stripe_port), "--smartbill-port", str(self.smartbill_port)]
        webhook = ["--webhook-url", f"{self.web}/stripe/webhook/{self.webhook_uuid}/"]
        self.start("sandbox", "manage.py", "sandbox", *ports, *webhook)
        self.wait_for("sandbox", f"{self.stripe}/_sandbox/state")
        self.wait_for("sandbox", f"{self.smartbill}/_sandbox/state")

    def start_worker(self) -> None:
        self.start("worker", "manage.py", "qworker")

    def start_web(self) -> None:
        bind = f"127.0.0.1:{self.web_port}"
        options = ["--worker-class", "gthread", "--threads", WEB_THREADS, "--no-control-socket", "--bind", bind]
        self.start("web", "-m", "gunicorn", "config.wsgi:application", "--log-level", "warning", *options)
        self.wait_for("web", f"{self.web}/healthz")

    def alive(self) -> bool:
        return all(process.poll() is None for process in self.processes.values())

    def stop(self) -> None:
        """End every process, kindly first."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()


DROPPED = {
    "DATABASE_URL",
    "CACHE_URL",
    "Q_BROKER_URL",
    "EMAIL_URL",
    "RESEND_API_KEY",
    "SECRET_KEY",
    "FIELD_ENCRYPTION_KEYS",
    "ALLOWED_HOSTS",
    "SMARTBILL_SV_CONTRACT",
    "SENTRY_DSN",
}
