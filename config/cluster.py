"""Django-Q's cluster made fail-stop, without a fork of the package.

The stock cluster hangs for ever when an idle worker dies (django-q2 #23, #339), when a signal reaches the process
group, or when two SIGTERMs come close together (#346), and leaves its pool behind when its parent dies. Here a death
that may have taken a lock of the queues ends the whole cluster with an error, and the supervisor starts a new one: work
is claimed in tables with deadlines, so that costs nothing.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn

from django.conf import settings
from django_q import cluster as django_q
from django_q.conf import Conf

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
ABORTED = 70  # EX_SOFTWARE
PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, so that no pool goes on without a guard (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the request
        os._exit(ABORTED)


def bound_to_parent(target: Callable[..., object]) -> Callable[..., None]:
    """Wrap what a process runs so that it ends with the process that spawned it."""
    parent = os.getpid()

    def run(*args: Any) -> None:
        die_with_parent(parent)
        target(*args)

    return run


class GuardedTimer:
    """The guard's side of a worker's timer: a worker that was killed while it held the lock must not stop the guard."""

    def __init__(self, timer: Any, lost: Callable[[str], NoReturn]) -> None:
        self.timer, self.lost = timer, lost

    @contextmanager
    def get_lock(self) -> Iterator[None]:
        lock = self.timer.get_lock()
        if not lock.acquire(timeout=2):
            self.lost("a worker was killed while it held its timer")
        try:
            yield
        finally:
            lock.release()

    @property
    def value(self) -> float:
        return float(self.timer.get_obj().value)

    @value.setter
    def value(self, seconds: float) -> None:
        self.timer.get_obj().value = seconds


class NoStat:
    """In place of Django-Q's `Stat`, which counts the queues under locks that a killed worker may hold, and waits for
    the cache twice a second. Health is read from the heartbeat."""

    def __init__(self, sentinel: object) -> None:
        pass

    def save(self) -> None:
        """Keep nothing."""


class FailStopSentinel(django_q.Sentinel):  # type: ignore[misc]
    """The guard of the pool. Only the main process decides about a stop: signals to the group pass by."""

    def start(self) -> None:
        # The pool inherits this: a SIGTERM to the group must not hit a worker in the middle of a call.
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        super().start()

    def status(self) -> str:
        """Return what `stop` asks for, without a look into the queues."""
        if not self.stop_event.is_set():
            return str(Conf.WORKING)
        alive = self.monitor.is_alive() or self.pusher.is_alive() or self.pool
        return str(Conf.STOPPING if alive else Conf.STOPPED)

    def spawn_process(self, target: Callable[..., None], *args: Any) -> BaseProcess:
        process: BaseProcess = django_q.get_mp_context().Process(
            target=bound_to_parent(target), args=args, name=f"{target.__name__}-{time.monotonic_ns():x}", daemon=True
        )
        if target is django_q.worker:
            process.timer = GuardedTimer(args[2], self.abort)  # type: ignore[attr-defined]
            self.pool.append(process)
        process.start()
        return process

    def reincarnate(self, process: Any) -> None:
        """Replace a process that ended by itself; abort when one was killed or overstays its time."""
        if process in self.pool and process.timer.value == 0:
            process.join(2)  # a worker whose task timed out softly is on its way out
            if process.is_alive():
                process.kill()
                self.abort(f"{process.name} ran past its time")
        if process.exitcode is not None and process.exitcode < 0:
            self.abort(f"{process.name} was ended by signal {-process.exitcode}")
        super().reincarnate(process)

    def abort(self, why: str) -> NoReturn:
        """End the cluster, but let tasks in hand finish first: a call cut off would leave its document in doubt."""
        django_q.logger.critical("The cluster ends: %s", why)
        self.pusher.kill()
        latest = time.monotonic() + self.timeout
        while time.monotonic() < latest and not self.stop_event.is_set() and any(map(is_busy, self.pool)):
            time.sleep(0.1)
        for process in [*self.pool, self.monitor]:
            process.kill()
        os._exit(ABORTED)


def is_busy(worker: Any) -> bool:
    """Whether a worker has a task in hand."""
    return bool(worker.is_alive() and worker.timer.value > 0)


class FlaggedCluster(django_q.Cluster):  # type: ignore[misc]
    """A cluster whose signal handler sets a flag and nothing more (#346)."""

    stop_asked = False

    def sig_handler(self, signum: int, frame: object) -> None:
        self.stop_asked = True

    def start(self) -> int:
        """Fork the sentinel with the stop signals blocked, so that none meets it half-made."""
        django_q.Stat = NoStat
        django_q.Sentinel = bound_to_parent(FailStopSentinel)
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            pid: int = super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
        return pid

    def has_ended(self) -> bool:
        return not self.sentinel.is_alive()

    def watch(self, tick: Callable[[], bool]) -> int:
        """Wait for the end; return the exit status. `tick` is called in between and returns False to abort."""
        stop_by = float("inf")
        while not self.has_ended():
            if not self.stop_asked:
                if not tick():
                    return self.kill()
            elif stop_by == float("inf"):
                stop_by = time.monotonic() + settings.QWORKER["grace"]
                self.stop_event.set()
            elif time.monotonic() > stop_by:
                django_q.logger.critical("The tasks in hand did not end in time.")
                return self.kill()
            self.sentinel.join(settings.QWORKER["interval"])
        return 0 if self.sentinel.exitcode == 0 else 1

    def kill(self) -> int:
        """End the sentinel at once, and through it the pool."""
        self.sentinel.kill()
        self.sentinel.join()
        return 1
