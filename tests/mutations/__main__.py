"""`python -m tests.mutations [NAME...]`: plant each fault in a copy of the tree; the tests named for it must catch it.

A fault is caught when one of its tests fails by an assertion in the copy, and all of them pass without the patch. A
patch that no longer applies, an import error and a test that cannot start are failures of the gate.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutations.table import MUTANTS, Mutant
from tests.mutations.witness import ASSERTION, PASSED

ROOT = Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "mutations"
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "staticfiles", "__pycache__", ".*_cache", "*.sqlite3*")
AT_ONCE = 2
SECONDS = 480


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    fault: str
    verdict: str
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        return self.verdict.startswith("caught") or self.verdict.startswith("green")


def main(names: Sequence[str]) -> int:
    unknown = [name for name in names if name not in MUTANTS]
    if unknown:
        sys.stderr.write(f"There is no mutant {', '.join(unknown)}; there are {', '.join(MUTANTS)}.\n")
        return 2
    started = time.monotonic()
    chosen = {name: MUTANTS[name] for name in names or MUTANTS}
    with tempfile.TemporaryDirectory(prefix="sello-mutants-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        # All are made of one and the same state of the tree, whoever works on it meanwhile.
        sound = copy_tree(ROOT, Path(folder))
        green = pool.submit(without_patch, chosen, sound)
        results = [*pool.map(lambda item: judge(*item, sound), chosen.items())]
        results = [*files_and_table(sound), green.result(), *results]
    tell(results, time.monotonic() - started)
    return 0 if all(result.is_good for result in results) else 1


def files_and_table(sound: Path) -> list[Result]:
    """Every patch is used, and every patch of the fault runs and of the bench still applies."""
    patches = {path.stem for path in PATCHES.glob("*.patch")}
    controls = {name for name in patches if name.startswith("control_")}
    found = [
        Result(name, "", "no mutant of the table has this patch") for name in sorted(patches - controls - set(MUTANTS))
    ]
    with tempfile.TemporaryDirectory(prefix="sello-mutant-") as folder:
        tree = copy_tree(sound, Path(folder))
        for name in sorted(controls):
            error = apply(name, tree, "--check")
            found += [Result(name, "a control of another run", error)] if error else []
    return found


def without_patch(chosen: dict[str, Mutant], sound: Path) -> Result:
    """Run all the tests once on an unchanged copy: a test that fails anyway catches nothing."""
    tests = sorted({test for mutant in chosen.values() for test in mutant.tests})
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sello-mutant-") as folder:
        ends = run(tests, copy_tree(sound, Path(folder)))
    bad = {test: end for test, end in ends.items() if end != PASSED}
    verdict = f"green: {len(ends)} tests" if ends and not bad else f"RED without any patch: {bad or 'no test ran'}"
    return Result("(no patch)", "the same tests on the unchanged tree", verdict, time.monotonic() - started)


def judge(name: str, mutant: Mutant, sound: Path) -> Result:
    """Plant one fault and see whether it is caught."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sello-mutant-") as folder:
        tree = copy_tree(sound, Path(folder))
        verdict = apply(name, tree) or _verdict(run(mutant.tests, tree))
    return Result(name, mutant.fault, verdict, time.monotonic() - started)


def _verdict(ends: dict[str, str]) -> str:
    caught = [test for test, end in ends.items() if end == ASSERTION]
    if caught:
        return f"caught by {caught[0].rpartition('::')[2]}"
    errors = {end for end in ends.values() if end != PASSED}
    return f"NOT CAUGHT: {'; '.join(sorted(errors)) or f'{len(ends)} tests passed'}"


def copy_tree(source: Path, folder: Path) -> Path:
    tree = folder / "tree"
    shutil.copytree(source, tree, ignore=LEFT_OUT, symlinks=True)
    return tree


def apply(name: str, tree: Path, *options: str) -> str:
    """Apply a patch; return why it does not fit, or nothing."""
    patch = PATCHES / f"{name}.patch"
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *options, str(patch)],  # noqa: S607
        cwd=tree,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)},
    )
    return f"THE PATCH DOES NOT APPLY, make it anew: {done.stderr.strip()}" if done.returncode else ""


def run(tests: Sequence[str], tree: Path) -> dict[str, str]:
    """Run tests in a tree, on SQLite; return how each of them ended."""
    witness = tree.parent / "witness.json"
    dropped = {"DATABASE_URL", "CACHE_URL", "DJANGO_SETTINGS_MODULE", "SELLO_DATA_DIR", "Q_BROKER_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "tests.mutations.witness", "-p", "no:randomly", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env={**environment, "MUTATION_WITNESS": str(witness), "HYPOTHESIS_STORAGE_DIRECTORY": str(tree.parent)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return {"": f"error: no end within {SECONDS} s"}
    if not witness.exists():
        return {"": f"error: pytest did not run: {(done.stderr or done.stdout)[-500:]}"}
    ends: dict[str, str] = json.loads(witness.read_text())
    return ends


def tell(results: Sequence[Result], seconds: float) -> None:
    """Print the one table."""
    widths = [max(len(getattr(result, column)) for result in results) for column in ("name", "fault")]
    for result in results:
        mark = " " if result.is_good else "!"
        line = (
            f"{mark} {result.name:{widths[0]}}  {result.fault:{widths[1]}}  {result.seconds:5.1f} s  {result.verdict}"
        )
        sys.stdout.write(f"{line}\n")
    caught = sum(result.verdict.startswith("caught") for result in results)
    sys.stdout.write(
        f"{caught} of {sum(result.name in MUTANTS for result in results)} faults caught in {seconds:.0f} s.\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
