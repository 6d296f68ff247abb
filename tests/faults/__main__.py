"""`make faults`: every run against the real processes, its control beside it, one table in the end."""

import argparse
import os
import platform
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from tests.faults.lab import ROOT, Lab
from tests.faults.patched import without_guard
from tests.faults.processes import Failed, end_everything, ending
from tests.faults.table import Control, Result, Row, markdown, write_into

RUNS = ("documents", "recovery", "webhooks", "hostile", "restore", "mail", "kill_points")
SEED = 20261121


def main() -> int:
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    started = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - started:7.1f} s  {text}\n")
        sys.stdout.flush()

    size = "short" if options.short else "full"
    if options.scale != 1:
        size += f", sizes x {options.scale:g}"
    say(f"fault runs, {size}, seed {options.seed}")
    try:
        with Lab(seed=options.seed, short=options.short, say=say, scale=options.scale) as lab:
            rows = [_row(name, lab, say, controls=not options.no_controls) for name in options.only or RUNS]
    except Failed as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted: every process was ended.\n")
        return 130
    minutes = (time.monotonic() - started) / 60
    conditions = (
        f"Last run: {datetime.now(UTC):%Y-%m-%d}, {size}, seed {options.seed}, {minutes:.0f} min on "
        f"{os.cpu_count()} cores, Python {platform.python_version()}."
    )
    sys.stdout.write(f"\n{markdown(rows)}\n\n{conditions}\n")
    if not (options.only or options.no_controls or options.short) and options.scale == 1:
        write_into(ROOT / "README.md", rows, conditions)
    return 1 if any(row.problems for row in rows) else 0


def _interrupted(number: int, frame: object) -> NoReturn:
    """End everything that was started before anybody waits for it any longer."""
    end_everything()
    raise KeyboardInterrupt


def _row(name: str, lab: Lab, say: Callable[[str], None], *, controls: bool) -> Row:
    run = import_module(f"tests.faults.runs.{name}")
    say(f"{name}: the run")
    try:
        result = run.run(lab)
    except Failed as failure:
        if ending.is_set():
            raise KeyboardInterrupt from failure
        # The other runs still tell what they can; this one has not held.
        result = Result(size="", faults="", kills="", figures="", problems=[str(failure)])
    say(f"{name}: {result.figures}; {'; '.join(result.problems) or 'held'}")
    control = None
    if controls:
        try:
            with without_guard(run.PATCH) as root:
                control = run.control(lab, Path(root))
        except Failed as failure:
            control = Control(run.GUARD, str(failure), damaged=False)
        say(f"{name}: control ({control.guard}): {control.damage}")
    return Row(name.replace("_", " "), result, control)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="smaller sizes, for every change")
    parser.add_argument("--only", nargs="*", choices=RUNS, help="these runs alone; no README")
    parser.add_argument("--scale", type=float, default=1.0, help="a part of the size, to try a change")
    parser.add_argument("--no-controls", action="store_true")
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
