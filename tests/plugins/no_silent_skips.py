"""Says in one line why a test was skipped and how to have it; with SELLO_REQUIRE_ALL=1 a skip is a failure.

Also says on which stores the suite ran, so that a green line cannot be taken for more than it is.
"""

import os
from collections import Counter

import pytest
from django.conf import settings


class Skips:
    """Counts skips by reason, of tests and of whole files, in the process that sees all reports."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.note(report)

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            self.reasons[str(report.longrepr[2]).removeprefix("Skipped: ")] += 1

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.reasons and is_strict() and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for reason, count in sorted(self.reasons.items()):
            terminalreporter.write_line(f"{'FAILED, ' if is_strict() else ''}skipped {count}: {reason}")
        terminalreporter.write_line(f"Ran on {stores()}.")


def is_strict() -> bool:
    return os.environ.get("SELLO_REQUIRE_ALL") == "1"


def stores() -> str:
    """Return database and cache in words, without a password."""
    database, cache = settings.DATABASES["default"], settings.CACHES["default"]
    engine = database["ENGINE"].rpartition(".")[2]
    where = f" at {database['HOST']}" if database.get("HOST") else ""
    return f"{engine}{where}, {cache['BACKEND'].rpartition('.')[2]}"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Skips(), "skips")
