"""A skip is told, and counts as a failure where everything is required."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.worker_house import ROOT

SKIPPING = """
import pytest

def test_that_runs(): pass

@pytest.mark.skip(reason="no browser; apt-get install chromium")
def test_that_is_skipped(): pass
"""


@pytest.mark.parametrize(("required", "status", "processes"), [("", 0, "0"), ("1", 1, "0"), ("1", 1, "2")])
def test_a_skip_is_told_and_fails_where_all_is_required(
    tmp_path: Path, required: str, status: int, processes: str
) -> None:
    test = tmp_path / "test_skipping.py"
    test.write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-p", "tests.plugins.no_silent_skips", "-n", processes, str(test)]
    command += [f"--rootdir={ROOT}", f"--config-file={ROOT / 'pyproject.toml'}"]
    environment = {**os.environ, "SELLO_REQUIRE_ALL": required}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == status, ran.stdout + ran.stderr
    assert "skipped 1: no browser; apt-get install chromium" in ran.stdout
    assert "1 passed, 1 skipped" in ran.stdout
