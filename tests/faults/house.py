"""The product as an operator runs it: one gunicorn and some `manage.py qworker`, under a supervisor that starts again
what ended."""

import sys
import threading
from pathlib import Path

import requests

from tests.faults.books import Books
from tests.faults.lab import Lab, StandIns, answers
from tests.faults.processes import (
    Failed,
    Process,
    descendants,
    end,
    ending,
    free_port,
    kill_group,
    kill_tree,
    spawn,
    wait_until,
)

WEB = ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "60"]
WEB += ["--no-control-socket", "--worker-tmp-dir", "/dev/shm", "--log-level", "warning"]
QWORKER_PROCESSES = 4
"""Besides its workers a cluster has a main process, a guard, a pusher and a monitor."""


class House:
    """One running product on a database of its own; `root` is the tree whose code runs."""

    def __init__(self, lab: Lab, name: str, stand_ins: StandIns, *, root: Path, workers: int = 4) -> None:
        self.folder = lab.folder / name
        (self.folder / "log").mkdir(parents=True)
        self.root, self.stand_ins, self.workers = root, stand_ins, workers
        self.secret = lab.webhook_secret
        self.port = free_port()
        self.web = f"http://127.0.0.1:{self.port}"
        self.webhook = f"{self.web}/stripe/webhook/{lab.webhook_uuid}/"
        self.database = lab.clone()
        self.books = Books(self.database)
        self.environment = lab.environment(self.database, self.folder / "data") | {
            "PUBLIC_BASE_URL": self.web,
            "STRIPE_API_BASE": stand_ins.stripe,
            "SMARTBILL_SV_BASE_URL": f"{stand_ins.smartbill}/v1",
            "RESEND_API_KEY": "re_stand_in",
            "FAULTS_MAIL_URL": f"{stand_ins.mail}/",
            "FAULTS_WORKERS": str(workers),
        }
        self.running: dict[str, Process] = {}
        self.starts = 0
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._supervisor: threading.Thread | None = None

    def __enter__(self) -> "House":
        return self

    def __exit__(self, *_error: object) -> None:
        self._closing.set()
        if self._supervisor:
            self._supervisor.join()
        for name in list(self.running):
            self.kill(name)
        self.books.close()

    # Starting and ending ------------------------------------------------------------------------------------------

    def start_web(self, name: str = "web", *, port: int = 0, crash_at: str = "", recycled: bool = True) -> None:
        """Start it as the container does; with `recycled` its processes are replaced now and then.

        A web of another name is a second one, on a port of its own.
        """
        port = port or self.port
        options = [*WEB, "--max-requests", "5000" if recycled else "0", "--bind", f"127.0.0.1:{port}"]
        self._start(name, [sys.executable, "-m", "gunicorn", "config.wsgi:application", *options], crash_at)
        wait_until(f"the web answers ({self.log(name)})", lambda: self.web_is_up(name, port), seconds=60)

    def start_worker(self, name: str = "worker", *, crash_at: str = "") -> None:
        self._start(name, [sys.executable, "manage.py", "qworker"], crash_at)

    def _start(self, name: str, arguments: list[str], crash_at: str) -> None:
        environment = self.environment | ({"CRASH_AT": crash_at} if crash_at else {})
        with self._lock:
            self.running[name] = spawn(arguments, log=self.log(name), cwd=self.root, env=environment)
            self.starts += 1

    def stop(self, name: str) -> None:
        """End a process as its supervisor would, with SIGTERM, and do not start it again."""
        with self._lock:
            process = self.running.pop(name)
        end(process, seconds=60)

    def kill(self, name: str) -> None:
        """Kill a process with all its children, and do not start it again."""
        with self._lock:
            process = self.running.pop(name)
        kill_tree(process)
        kill_group(process)

    def run(self, *arguments: str, status: int = 0) -> None:
        """Run a Python module or script of the tree to its end, which must be this status."""
        log = self.log("commands")
        ended = spawn([sys.executable, *arguments], log=log, cwd=self.root, env=self.environment).wait()
        if ended != status:
            raise Failed(f"{' '.join(arguments)} ended with {ended}, not {status}:\n{log.read_text()[-3000:]}")

    def queue(self, what: str, count: int, *, first: int = 1) -> None:
        """Put messages or documents into the tables."""
        self.run("-m", "tests.faults.queue", what, str(count), str(first))

    def supervise(self) -> None:
        """From now on, start again whatever ends."""
        commands = {name: list(map(str, process.args))[3:] for name, process in self.running.items()}  # type: ignore[arg-type]

        def watch() -> None:
            while not self._closing.wait(0.1) and not ending.is_set():
                with self._lock:
                    ended = [name for name, process in self.running.items() if process.poll() is not None]
                    for name in ended:
                        # As systemd and containers do: nothing of the old service stays, nor its port.
                        kill_group(self.running[name])
                        self._start(name, commands[name], "")

        self._supervisor = threading.Thread(target=watch, name="supervisor")
        self._supervisor.start()

    # Looking at it ------------------------------------------------------------------------------------------------

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    def web_is_up(self, name: str, port: int) -> bool:
        if self.running[name].poll() is not None:
            raise Failed(f"the web ended:\n{self.log(name).read_text()[-3000:]}")
        return answers(f"http://127.0.0.1:{port}/healthz")

    def pool(self, name: str) -> list[int]:
        """Return the processes of a cluster once it is whole, its guard first; empty while it comes up."""
        with self._lock:
            process = self.running.get(name)
        if process is None or process.poll() is not None:
            return []
        found = descendants(process.pid)
        return found if len(found) >= self.workers + QWORKER_PROCESSES - 1 else []

    def healthy(self) -> bool:
        """Whether the web can reach its database."""
        try:
            return requests.get(f"{self.web}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False


def resident_kib(pid: int) -> int:
    """Return the resident memory of a process and its children, in KiB."""
    total = 0
    for each in [pid, *descendants(pid)]:
        try:
            lines = Path(f"/proc/{each}/status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return total
