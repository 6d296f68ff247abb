"""What a figure must be read with: the machine, its load, and what a durable write costs on its disk."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("django", "dj-stripe", "django-q2", "gunicorn", "psycopg")


def conditions(programs: Path, folder: Path) -> list[str]:
    """Return one sentence each; `programs` is the folder of PostgreSQL's programs, `folder` lies on the disk in use."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"{os.cpu_count()} cores, {_memory()} GB of memory; Python {platform.python_version()}, {versions}.",
        f"{_postgres(programs)} of its own, fsync and synchronous_commit on; {_fsync(programs, folder)}.",
        "Everything on this machine: load generator, stand-ins, web, workers, database.",
    ]


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _memory() -> int:
    found = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return round(int(found[1]) / 1024**2) if found else 0


def _postgres(programs: Path) -> str:
    done = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"[\d.]+", done.stdout)
    return f"PostgreSQL {found[0] if found else '?'}"


def _fsync(programs: Path, folder: Path) -> str:
    """How long fdatasync takes by pg_test_fsync, which some packages of PostgreSQL leave out."""
    program = programs / "pg_test_fsync"
    if not program.exists():
        return "pg_test_fsync is not installed"
    done = subprocess.run(
        [program, "-s", "1", "-f", folder / "fsync"], capture_output=True, text=True, check=True, timeout=120
    )
    found = re.search(r"fdatasync\s+([\d.]+) ops/sec\s+(\d+) usecs/op", done.stdout)
    return f"pg_test_fsync: fdatasync {found[2]} µs" if found else "pg_test_fsync says nothing of fdatasync"
