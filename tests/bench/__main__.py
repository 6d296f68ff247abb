"""`make bench`: measures every goal, prints the table, and ends with status 1 when a goal is missed.

`--short` is the version for a busy machine: it asserts counts and large ratios, with the slack that the table states.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime

from tests.bench.conditions import conditions, load
from tests.bench.measure import ROWS
from tests.bench.readme import write_table
from tests.bench.stage import ROOT, Stage
from tests.bench.table import Line, markdown

LONGEST = 3600


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--short", action="store_true", help="for a busy machine")
    parser.add_argument("--only", choices=ROWS, action="append", help="these rows alone; the README is left as it is")
    asked = parser.parse_args()
    lines: list[Line] = []
    with Stage() as stage:
        told = conditions(stage.postgres.programs, stage.folder)
        loads = [load()]
        for row in asked.only or ROWS:
            say(f"{row} …")
            found = measured(stage, row, short=asked.short)
            loads.append(load())
            say(markdown(found))
            lines += found
    told.append(f"Load average before and after each row: {'; '.join(loads)}.")
    say("\n".join(["", *told, "", markdown(lines)]))
    bad = [line for line in lines if not line.holds or not line.naive_fails]
    for line in bad:
        say(f"{'MISSED' if not line.holds else 'PROVES NOTHING'}: {line.what}")
    if not asked.short and not asked.only:
        write_table(ROOT / "README.md", [*told, f"Run on {datetime.now(UTC):%Y-%m-%d}."], lines)
    return 1 if bad else 0


def measured(stage: Stage, row: str, *, short: bool) -> list[Line]:
    """Measure a row in a process of its own, with two empty databases: its own and that of its control."""
    environment = stage.environment(stage.clone(), row) | {"BENCH_CONTROL_URL": stage.clone()}
    environment |= {"BENCH_POSTGRES": str(stage.postgres.process.pid) if stage.postgres.process else ""}
    arguments = [sys.executable, "-m", "tests.bench.measure", row, *(["--short"] if short else [])]
    done = subprocess.run(arguments, cwd=ROOT, env=environment, stdout=subprocess.PIPE, timeout=LONGEST)
    if done.returncode:
        logs = sorted(stage.folder.glob(f"{row}/*.log"), key=lambda log: log.stat().st_mtime)
        for log in logs[-3:]:
            say(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}")
        raise SystemExit(f"{row}: could not be measured")
    return [Line(**line) for line in json.loads(done.stdout)]


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what a bench is for


if __name__ == "__main__":
    sys.exit(main())
