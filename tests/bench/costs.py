"""What processes cost, as the kernel counts it: memory with shared pages by shares (PSS), so that the processes of one
fork are not counted twice, and time of the processors."""

import os
import re
import threading
from pathlib import Path
from typing import Self

from tests.faults.processes import descendants

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return what a process and all that it started have used so far."""
    return sum(map(_cpu_seconds, [pid, *descendants(pid)]))


class Watch:
    """Looks at a process and all that it started, twice a second; `most` is the largest
    sum of shares seen, in MB, and `most_resident` the sum of resident memory then."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = self.most_resident = 0.0
        self.processes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            pids = [self.pid, *descendants(self.pid)]
            shares, resident = (sum(column) for column in zip(*map(_megabytes, pids), strict=True))
            if shares > self.most:
                self.most, self.most_resident, self.processes = shares, resident, len(pids)
            if self._ended.wait(0.5):
                return


def _megabytes(pid: int) -> tuple[float, float]:
    """Return a process's share of memory (PSS) and what it sees of it (RSS)."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    found = dict(re.findall(r"^(Pss|Rss):\s+(\d+) kB", text, re.M))
    return int(found.get("Pss", 0)) / 1024, int(found.get("Rss", 0)) / 1024


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    user, system = fields[11:13]
    return (int(user) + int(system)) / TICKS
