"""Real web servers and the stand-in of Stripe, for as long as a row needs them."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.bench.stage import ROOT
from tests.faults.processes import end, free_port, spawn, wait_until

GUNICORN = ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--no-control-socket"]
GUNICORN += ["--log-level", "warning", "--worker-tmp-dir", "/dev/shm"]


@contextmanager
def running(name: str, arguments: Sequence[str], *, ready: str, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run a Python process until the block ends, from the moment it answers at `ready`; yield its pid."""
    environment = dict(os.environ) | dict(env or {})
    log = Path(environment["SELLO_DATA_DIR"]) / f"{name}.log"
    process = spawn([sys.executable, *arguments], log=log, cwd=ROOT, env=environment)
    try:
        wait_until(f"{name} answers ({log})", lambda: _answers(ready), seconds=90)
        yield process.pid
    finally:
        end(process)


@contextmanager
def gunicorn(application: str, *, ready: str, env: Mapping[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """Serve a WSGI application by 2 processes of 4 threads; yield its port and its pid."""
    port = free_port()
    options = [*GUNICORN, "--bind", f"127.0.0.1:{port}"]
    address = f"http://127.0.0.1:{port}{ready}"
    with running(f"web-{port}", ["-m", "gunicorn", application, *options], ready=address, env=env) as pid:
        yield port, pid


@contextmanager
def stripe_stand_in() -> Iterator[str]:
    """Serve the stand-in of Stripe in a process of its own; yield its address."""
    port = free_port()
    ports = ["--stripe-port", str(port), "--smartbill-port", str(free_port())]
    address = f"http://127.0.0.1:{port}"
    with running(f"stripe-{port}", ["manage.py", "sandbox", *ports], ready=f"{address}/_sandbox/state"):
        yield address


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code < 500
    except requests.RequestException:
        return False
