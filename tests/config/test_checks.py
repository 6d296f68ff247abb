"""System checks: each rule by the setting that breaks it, and production's example environment clean."""

import os
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project_settings
from django.core.checks import CheckMessage
from pytest_django.fixtures import Settings

from config.checks import background, environment
from smartbill.checks import check_encryption_keys, check_smartbill
from tests.config.worker_house import ROOT

GOOD_KEY = "Zp0-gXk2bQ7yWm4RtL9vCs3HdJf8NaUe1TiOo5PB6cKx"
OTHER_KEY = "y8Wq1LzT5uMv0XnE7rKb3GdHs9JfPa2CiRo6B4eNtQxZ"
CHECKS = [
    environment.check_secrets,
    environment.check_address,
    environment.check_stores,
    environment.check_remotes,
    background.check_broker,
    background.check_sizes,
    background.check_tasks,
    check_encryption_keys,
    check_smartbill,
]
"""The house's checks together with the app's: each mistake is said once."""


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Settings as in production, without fault."""
    settings.SELLO_ENVIRONMENT = "production"
    settings.SELLO_SANDBOX = False
    settings.SECRET_KEY = GOOD_KEY
    settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY]
    settings.PUBLIC_BASE_URL = "https://billing.acme.test"
    settings.ALLOWED_HOSTS = ["billing.acme.test"]
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://x"}}
    settings.STRIPE_API_KEY = "rk_test_1"
    settings.STRIPE_API_BASE = ""
    settings.SMARTBILL_SV_BASE_URL = "https://api.smartbill.lat/v1"
    settings.EMAIL_URL = "smtp+tls://user:pass@mail.acme.test:587"
    settings.RESEND_API_KEY = ""
    settings.DEFAULT_FROM_EMAIL = "billing@acme.test"
    return settings


def found() -> list[CheckMessage]:
    return [message for check in CHECKS for message in check(app_configs=None)]


def ids() -> list[str | None]:
    return [message.id for message in found()]


def test_good_settings_are_clean(production: Settings) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "short", "sello.E001"),
        ("FIELD_ENCRYPTION_KEYS", [], "sello.E201"),
        ("FIELD_ENCRYPTION_KEYS", [OTHER_KEY, "short"], "sello.E202"),
        ("SECRET_KEY", "change-me-" + "x1y2z3w4" * 6, "sello.E001"),
        ("SECRET_KEY", "a" * 60, "sello.E001"),
        ("FIELD_ENCRYPTION_KEYS", [GOOD_KEY], "sello.E003"),
        ("OPERATIONS_TOKEN", "short", "sello.E004"),
        ("PUBLIC_BASE_URL", "http://billing.acme.test", "sello.E005"),
        ("PUBLIC_BASE_URL", "https://other.test", "sello.E006"),
        ("SELLO_SANDBOX", True, "sello.E010"),
        ("STRIPE_API_BASE", "http://127.0.0.1:12111", "sello.E011"),
        ("SMARTBILL_SV_BASE_URL", "http://127.0.0.1:12112/v1", "sello.E205"),
        ("STRIPE_API_KEY", "", "sello.E014"),
        ("DRAIN", {"budget": 50, "late": 10, "margin": 30}, "sello.E028"),
        ("SMARTBILL_READ_TIMEOUT", 95, "sello.E028"),
        ("DRAIN", {"budget": 20, "late": 10, "margin": 15}, "sello.E029"),
        ("SMARTBILL_SV_CONTRACT", {"quiet.period": 30}, "sello.E208"),
        ("SMARTBILL_SV_CONTRACT", {"quiet.contingency": 599}, "sello.E211"),
        ("DRAINS", ["config.tasks.beat"], "sello.E034"),
        ("DRAINS", ["config.nowhere.drain"], "sello.E034"),
        ("SCHEDULES", {"sello.x": ("config.tasks.nothing", 1)}, "sello.E035"),
        ("SCHEDULES", {"sello.x": ("config.tasks.beat", 0)}, "sello.E035"),
    ],
)
def test_a_broken_setting_is_named(production: Settings, name: str, value: Any, expected: str) -> None:
    setattr(production, name, value)
    if expected in ("sello.E028",):
        assert expected in ids()
    else:
        assert ids() == [expected]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"redis": "redis://x"}, ["sello.E020"]),
        ({"orm": "other"}, ["sello.E021"]),
        ({"timeout": 120.5}, ["sello.E023"]),
        ({"retry": 359}, ["sello.E024"]),
        ({"queue_limit": 16}, ["sello.E024", "sello.E032"]),
        ({"guard_cycle": 0.3}, ["sello.E025"]),
        ({"max_attempts": 2}, ["sello.E026"]),
        ({"ack_failures": False}, ["sello.E026"]),
        ({"catch_up": True}, ["sello.E027"]),
        ({"save_limit": 250}, ["sello.W020"]),
        ({"timeout": 200, "retry": 700}, ["sello.E031"]),
    ],
)
def test_a_broken_size_of_the_cluster_is_named(
    production: Settings, change: dict[str, Any], expected: list[str]
) -> None:
    production.Q_CLUSTER = {**production.Q_CLUSTER, **change}
    assert ids() == expected


@pytest.mark.parametrize(("change", "expected"), [({"grace": 60}, "sello.E032"), ({"ceiling": 3}, "sello.E033")])
def test_a_broken_size_of_the_worker_is_named(production: Settings, change: dict[str, Any], expected: str) -> None:
    production.QWORKER = {**production.QWORKER, **change}
    assert ids() == [expected]


def test_a_cache_in_each_process_is_refused(production: Settings) -> None:
    production.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert ids() == ["sello.E008"]


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ({"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE"}}, []),
        ({"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "DEFERRED"}}, ["sello.E009"]),
        ({"ENGINE": "django.db.backends.sqlite3"}, ["sello.E009"]),
        ({"ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": True}, []),
        ({"ENGINE": "django.db.backends.postgresql"}, ["sello.W001"]),
    ],
)
def test_the_database_takes_its_locks_and_minds_its_connections(database: dict[str, Any], expected: list[str]) -> None:
    assert [message.id for message in environment._database(database)] == expected


def test_every_host_is_too_many(production: Settings) -> None:
    production.ALLOWED_HOSTS = ["*"]
    assert ids() == ["sello.E007"]


@pytest.mark.parametrize("name", ["DEBUG", "SELLO_SANDBOX"])
def test_a_live_key_meets_no_stand_in(production: Settings, name: str) -> None:
    production.STRIPE_LIVE_MODE = True
    assert ids() == []
    setattr(production, name, True)
    assert "sello.E013" in ids()


def test_a_cluster_that_does_not_exist_is_refused(production: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Q_CLUSTER_NAME", "mail")
    assert ids() == ["sello.E022"]


def test_every_message_has_a_hint(production: Settings) -> None:
    production.SECRET_KEY = ""
    production.STRIPE_API_KEY = ""
    production.DRAIN = {"budget": 500, "late": 10, "margin": 0}
    production.Q_CLUSTER = {**production.Q_CLUSTER, "guard_cycle": 0.3, "retry": 1, "catch_up": True}
    messages = found()
    assert len(messages) >= 6
    assert all(message.hint and message.id for message in messages)


def test_the_example_environment_passes_the_checks_of_production(tmp_path: Path) -> None:
    """Every variable of .env.example, with its blanks filled in, under the settings of production."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", example, flags=re.M))
    filled = {
        **given,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEYS": secrets.token_urlsafe(48),
        "STRIPE_API_KEY": "rk_test_" + secrets.token_hex(12),
        "SELLO_DATA_DIR": str(tmp_path),
    }
    outside = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(command, cwd=ROOT, env={**filled, **outside}, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


def test_every_variable_that_is_read_is_explained() -> None:
    source = "".join(path.read_text() for path in (ROOT / "config" / "settings").glob("*.py"))
    read = set(re.findall(r'env(?:\.\w+)?\("([A-Z_0-9]+)"', source))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", example, flags=re.M))
    assert read - {"DEBUG"} <= explained
    assert project_settings.SELLO_ENVIRONMENT == "test"


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    empty = dict.fromkeys(["DATABASE_URL", "CACHE_URL", "SMARTBILL_READ_TIMEOUT", "SMARTBILL_SV_CONTRACT"], "")
    outside = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.local"}
    show = "from config.settings import local as s; print(s.SMARTBILL_READ_TIMEOUT, s.DATABASES['default']['NAME'])"
    command = [sys.executable, "-c", show]
    shown = subprocess.run(
        command, cwd=ROOT, env={**empty, **outside, "SELLO_DATA_DIR": str(tmp_path)}, capture_output=True, text=True
    )
    assert shown.stdout.split() == ["60", f"{tmp_path}/sello.sqlite3"]
