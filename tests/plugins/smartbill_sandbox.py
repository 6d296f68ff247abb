"""The fixture `smartbill_sandbox`: a stand-in for smartbill.lat without latency on a free port that settings name."""

import pytest

from smartbill.providers.el_salvador.sandbox import SmartbillSandbox


@pytest.fixture
def smartbill_sandbox(settings):
    with SmartbillSandbox(latency=(0, 0)) as sandbox:
        settings.SMARTBILL_SV_BASE_URL = sandbox.url
        yield sandbox
