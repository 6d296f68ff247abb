"""A pytest plugin that writes down how each test ended: a mutant counts as caught only by an assertion."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

PASSED, ASSERTION, ERROR = "passed", "assertion", "error"


class Witness:
    def __init__(self) -> None:
        self.ends: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[pytest.TestReport]:
        report = yield
        if call.when == "call" and report.passed:
            self.ends.setdefault(item.nodeid, PASSED)
        elif call.excinfo is not None and report.failed:
            asserted = call.when == "call" and call.excinfo.errisinstance((AssertionError, pytest.fail.Exception))
            self.ends[item.nodeid] = ASSERTION if asserted else f"{ERROR}: {call.excinfo.typename} in {call.when}"
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.ends[report.nodeid] = f"{ERROR}: not collected"

    def pytest_sessionfinish(self) -> None:
        Path(os.environ["MUTATION_WITNESS"]).write_text(json.dumps(self.ends))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Witness(), "mutation-witness")
