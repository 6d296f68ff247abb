from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from smartbill.providers.el_salvador.sandbox import SmartbillSandbox

NOVEMBER = datetime(2026, 11, 21, 10, tzinfo=ZoneInfo("America/El_Salvador"))


@pytest.fixture
def sandbox(smartbill_sandbox):
    smartbill_sandbox.control.set_clock(NOVEMBER)
    return smartbill_sandbox


@pytest.fixture
def legacy():
    with SmartbillSandbox(latency=(0, 0), generation="legacy") as sandbox:
        yield sandbox
