"""`manage.py sandbox` serves both stand-ins on loopback, and `check_connections` finds them over real HTTP."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from config.heartbeat import WORKER, beat
from smartbill.models import ApiKey
from tests.config.worker_house import ROOT, wait_for
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

SECRETS = {
    "SMARTBILL_SV_MANAGER_PUBLIC_KEY": "pub_manager_of_this_test",
    "SMARTBILL_SV_MANAGER_PRIVATE_KEY": "prv_manager_of_this_test",
}


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses that the command prints, as variables of the environment."""
    directory = tmp_path_factory.mktemp("sandbox")
    environment = {
        **os.environ,
        **SECRETS,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "SELLO_DATA_DIR": str(directory),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "manage.py", "sandbox", "--stripe-port=0", "--smartbill-port=0", "--latency", "0", "0"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        assert wait_for(lambda: "SMARTBILL_SV_BASE_URL=" in (directory / "log").read_text(), 20)
        yield dict(re.findall(r"^(\w+)=(\S+)$", (directory / "log").read_text(), flags=re.M))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def house(stand_ins: dict[str, str], settings: Settings, tmp_path: Path) -> Settings:
    """A house whose every connection works."""
    settings.STRIPE_API_BASE = stand_ins["STRIPE_API_BASE"]
    settings.SMARTBILL_SV_BASE_URL = stand_ins["SMARTBILL_SV_BASE_URL"]
    settings.EMAIL_BACKEND = "notifications.backends.files.FileBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    ApiKeyFactory(
        issuer=IssuerFactory(slug="acme"), public_key="pub_manager_of_this_test", private_key="prv_manager_of_this_test"
    )
    beat(WORKER)
    return settings


def check_connections(*only: str) -> tuple[bool, dict[str, str]]:
    """Return whether all is well, and each line by the name of its system."""
    out = StringIO()
    well = True
    try:
        call_command("check_connections", *only, stdout=out)
    except SystemExit as ended:
        well = not ended.code
    assert "prv_" not in out.getvalue()
    assert "sk_test_" not in out.getvalue()
    systems = out.getvalue().partition("\n\n")[0].splitlines()
    return well, {line[5:37].strip(): line[:4].strip() + " " + line[37:] for line in systems}


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.django_db
def test_a_house_in_order_gets_one_line_per_system(house: Settings) -> None:
    well, lines = check_connections()
    assert well, lines
    assert list(lines) == ["database", "cache", "worker", "Stripe", "SmartBill acme/Main", "mail"]
    assert lines["Stripe"] == (
        f"ok reachable, authorised, test mode, API 2026-08-26.dahlia, stand-in at {house.STRIPE_API_BASE}"
    )
    assert lines["SmartBill acme/Main"].startswith("ok reachable, authorised, Manager, test mode, contract ")
    assert lines["worker"].startswith("ok reachable, last beat ")
    assert lines["mail"] == "ok reachable, FileBackend"


@pytest.mark.django_db
def test_a_wrong_key_is_reachable_and_not_authorised(house: Settings) -> None:
    ApiKey.objects.all().delete()
    ApiKeyFactory(issuer__slug="other", public_key="pub_manager_of_this_test", private_key="prv_wrong")
    well, lines = check_connections("smartbill")
    assert not well
    assert lines["SmartBill other/Main"].startswith("FAIL reachable, NOT AUTHORISED")


@pytest.mark.django_db
def test_an_issuer_without_a_key_fails(house: Settings) -> None:
    ApiKey.objects.all().delete()
    assert check_connections("smartbill") == (
        False,
        {"SmartBill acme": "FAIL reachable, NOT AUTHORISED, no usable key"},
    )


@pytest.mark.django_db
def test_what_is_down_is_not_reachable(house: Settings) -> None:
    nobody = f"http://127.0.0.1:{unused_port()}"
    house.STRIPE_API_BASE = nobody
    house.SMARTBILL_SV_BASE_URL = f"{nobody}/v1"
    house.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    house.EMAIL_HOST, house.EMAIL_PORT = "127.0.0.1", unused_port()
    well, lines = check_connections("stripe", "smartbill", "mail")
    assert not well
    assert [line.split(",")[0] for line in lines.values()] == ["FAIL NOT REACHABLE"] * 3


@pytest.mark.django_db
def test_a_worker_never_heard_of_fails() -> None:
    assert check_connections("worker") == (
        False,
        {"worker": "FAIL NOT REACHABLE, never heard of; is manage.py qworker running?"},
    )


def test_the_stand_ins_are_refused_where_they_are_off(settings: Settings) -> None:
    settings.SELLO_SANDBOX = False
    with pytest.raises(CommandError, match="SELLO_SANDBOX is off"):
        call_command("sandbox")


def test_deliveries_need_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET", raising=False)
    with pytest.raises(CommandError, match="Set STRIPE_WEBHOOK_SECRET"):
        call_command("sandbox", webhook_url="http://127.0.0.1:1/")
