"""A second terminal reaches the demonstration that runs, and nothing else."""

import subprocess
from pathlib import Path

from config.demo.stack import DROPPED, Stack


def test_the_environment_leads_a_shell_to_the_demonstration(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "demo")
    stack.write_environment()
    written = stack.folder / "environment"
    assert written.stat().st_mode & 0o077 == 0
    shell = f'DATABASE_URL=postgres://elsewhere; . "{written}"; echo "$SELLO_DATA_DIR|$STRIPE_API_BASE|$DATABASE_URL"'
    said = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=True).stdout
    assert said == f"{stack.folder}|{stack.stripe}|\n"
    assert "DATABASE_URL" in DROPPED
