"""A copy of the tree with one guard removed, in which a control runs. The checkout itself is never touched."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.lab import ROOT
from tests.faults.processes import Failed

PATCHES = ROOT / "tests" / "mutations"
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "staticfiles", "__pycache__", ".*_cache", "*.sqlite3*")


@contextmanager
def without_guard(name: str) -> Iterator[Path]:
    """Yield a copy of the tree to which tests/mutations/NAME.patch was applied; raises Failed when it does not fit."""
    with tempfile.TemporaryDirectory(prefix="sello-faults-tree-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT, symlinks=True)
        apply(PATCHES / f"{name}.patch", tree)
        yield tree


def apply(patch: Path, tree: Path, *options: str) -> None:
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *options, str(patch)],  # noqa: S607
        cwd=tree,
        capture_output=True,
        text=True,
        env={"GIT_CEILING_DIRECTORIES": str(tree.parent), "PATH": "/usr/local/bin:/usr/bin:/bin"},
    )
    if done.returncode:
        raise Failed(f"{patch.name} does not fit the code any more, make it anew: {done.stderr.strip()}")
