"""The work of dead workers is back in hand at most a minute after its lease: what the run of documents has seen."""

import time
from pathlib import Path
from statistics import quantiles

from tests.faults.house import House
from tests.faults.lab import Lab, StandIns
from tests.faults.processes import wait_until
from tests.faults.table import Control, Result

GUARD, PATCH = "no sweep", "control_without_sweep"
GRACE = 60.0
OPEN = "SELECT count(*) FROM smartbill_attempt WHERE outcome IS NULL"


def run(lab: Lab) -> Result:
    seen: dict[str, list[float]] | None = lab.notes.get("documents")
    if seen is None:
        return Result("", "", "", "", problems=["it judges what the run of documents has seen: run both"])
    late = sorted(value for values in seen.values() for value in values)
    fewest = lab.size(full=50, short=20)
    problems = [] if len(late) >= fewest else [f"only {len(late)} pieces of work were in the hands of the dead"]
    last = quantiles(late, n=100)[98] if len(late) > 1 else 0.0
    if last > GRACE:
        problems.append(f"p99 {last:.0f} s after the lease")
    parts = ", ".join(f"{len(values)} {name}" for name, values in seen.items())
    return Result(
        size=f"{len(late)} pieces of work ({parts})",
        faults="those of the documents",
        kills="those of the documents",
        figures=f"back in hand at p99 {last:+.1f} s from the end of their lease, "
        f"at the latest {late[-1] if late else 0:+.1f} s",
        problems=problems,
    )


def control(lab: Lab, root: Path) -> Control:
    """Kill a cluster with calls in flight, and look a minute after their lease."""
    with House(lab, "recovery-control", StandIns.start(lab), root=root, workers=2) as house:
        house.stand_ins.authority.fault("hang_after", times=0)
        house.queue("documents", 8)
        house.start_worker()
        wait_until("calls are in flight", lambda: house.books.number(OPEN) > 0, seconds=60)
        house.kill("worker")
        house.stand_ins.authority.clear_faults()
        house.start_worker()
        (row,) = house.books.rows("SELECT max(deadline_at) AS ends FROM smartbill_attempt WHERE outcome IS NULL")
        time.sleep(max(0.0, row["ends"].timestamp() + GRACE - time.time()))
        left = house.books.number(
            "SELECT count(*) FROM smartbill_attempt WHERE outcome IS NULL AND deadline_at < now()"
        )
    return Control(GUARD, f"{left} attempts still open {GRACE:.0f} s after their lease", left > 0)
