"""Every run has a control, and its patch fits the code of today: without one a run would prove nothing."""

import subprocess
from importlib import import_module

import pytest

from tests.faults.__main__ import RUNS
from tests.faults.lab import ROOT
from tests.faults.patched import PATCHES, apply
from tests.faults.processes import Failed


@pytest.mark.parametrize("name", RUNS)
def test_the_guard_that_a_control_removes_is_in_the_code(name):
    run = import_module(f"tests.faults.runs.{name}")
    apply(PATCHES / f"{run.PATCH}.patch", ROOT, "--check")
    assert run.GUARD


def test_a_patch_that_does_not_fit_is_named(tmp_path):
    (tmp_path / "old.patch").write_text("--- a/manage.py\n+++ b/manage.py\n@@ -1 +1 @@\n-nothing\n+something\n")
    with pytest.raises(Failed, match=r"old\.patch does not fit"):
        apply(tmp_path / "old.patch", ROOT, "--check")


def test_every_patch_of_a_control_belongs_to_a_run():
    used = {import_module(f"tests.faults.runs.{name}").PATCH for name in RUNS}
    assert {path.stem for path in PATCHES.glob("control_*.patch")} <= used


def test_git_is_there():
    assert subprocess.run(["git", "--version"], capture_output=True).returncode == 0  # noqa: S607
