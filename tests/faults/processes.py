"""Starts and ends the processes of a run. The kernel kills them when the runner dies, so that none is left behind."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

Process = subprocess.Popen[bytes]

# The kernel means the thread when it speaks of a parent's death: whoever starts a process must live as long as the run.
_parent = ThreadPoolExecutor(1, thread_name_prefix="parent-of-all")
_started: list[Process] = []
ending = threading.Event()
"""Set when the runs were interrupted: whoever waits or repeats gives up."""


class Failed(Exception):
    """Something that a run needs did not come up; the text says what, and what to do."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spawn(
    arguments: Sequence[str | Path], *, log: Path, cwd: Path, env: Mapping[str, str], user: str | None = None
) -> Process:
    """Start a process in a session of its own whose output is appended to a log."""
    if ending.is_set():
        raise Failed("The runs were interrupted.")
    bound = shutil.which("setpriv")
    if bound is None:
        raise Failed("setpriv is needed, which binds processes to their parent (Linux, package util-linux).")
    with log.open("ab") as output:
        process: Process = _parent.submit(
            subprocess.Popen,
            [bound, "--pdeathsig", "KILL", *map(str, arguments)],
            cwd=cwd,
            env=env,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ).result()
    _started.append(process)
    return process


def end_everything() -> None:
    """Kill whatever was started, and have everybody who waits for it give up.

    For a signal handler: it waits for nobody, because the frame that was interrupted may hold the lock of that wait.
    """
    ending.set()
    for process in _started:
        if process.returncode is None:
            for pid in [*descendants(process.pid), process.pid]:
                kill(pid)


def end(process: Process, *, seconds: float = 20, kindly: signal.Signals = signal.SIGTERM) -> None:
    """End a process, kindly first."""
    if process.poll() is None:
        process.send_signal(kindly)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def kill_tree(process: Process) -> None:
    """Kill a process and all that it started."""
    for pid in [*descendants(process.pid), process.pid]:
        kill(pid)
    process.wait()


def kill_group(process: Process) -> None:
    """Kill what is left of the session that a process was given, also when the process itself has ended."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Send a signal; False when the process is gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def descendants(pid: int) -> list[int]:
    """Children, their children, and so on, as far as they are there while we look."""
    found = []
    for task in _listed(Path(f"/proc/{pid}/task")):
        try:
            children = (task / "children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, children):
            found += [child, *descendants(child)]
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []


def wait_until(what: str, look: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> None:
    """Wait until it is so, or raise Failed."""
    give_up_at = time.monotonic() + seconds
    while not look():
        if ending.is_set():
            raise Failed("The runs were interrupted.")
        if time.monotonic() > give_up_at:
            raise Failed(f"{what}: not so within {seconds:.0f} s")
        time.sleep(pause)
