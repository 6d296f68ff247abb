"""The same alert raised and resolved by several processes at the same moment, on a database that all of them open."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.worker_house import ROOT, migrated_environment, wait_for

pytestmark = pytest.mark.faults
PROCESSES, ALERTS = 4, 8

MAKE_PEOPLE = """
from django.contrib.auth.models import Group, User
for name in ("ana", "ben"):
    User.objects.create_user(name, f"{name}@house.example").groups.add(Group.objects.get_or_create(name="Operator")[0])
"""
ACT = """
import os, sys, time
from pathlib import Path
from django.db import transaction
from notifications.services.alert import raise_alert, resolve_alert

directory = Path(os.environ["SELLO_DATA_DIR"])
(directory / f"{os.getpid()}.ready").touch()
while not (directory / "go").exists():
    time.sleep(0.001)
for number in range(%d):
    with transaction.atomic():
        %s(kind="journal_broken", key=str(number))
"""
READ = """
from notifications.models import Alert, Message
def mails(template):
    return Message.objects.filter(template=template).count()
print("READ", Alert.objects.count(), Alert.objects.open().count(), mails("alert_raised"), mails("alert_resolved"))
"""


def shell(environment: dict[str, str], code: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


def act_at_once(environment: dict[str, str], directory: Path, door: str) -> None:
    """Have every process call the door for each alert, none before all of them are up."""
    crowd = [shell(environment, ACT % (ALERTS, door)) for _i in range(PROCESSES)]
    assert wait_for(lambda: len(list(directory.glob("*.ready"))) == PROCESSES, 60)
    (directory / "go").touch()
    for process in crowd:
        finished(process)
    for path in (directory / "go", *directory.glob("*.ready")):
        path.unlink()


def test_each_is_one_alert_and_one_mail_for_each_person(tmp_path: Path) -> None:
    with migrated_environment(tmp_path) as environment:
        finished(shell(environment, MAKE_PEOPLE))
        act_at_once(environment, tmp_path, "raise_alert")
        assert read(environment) == [ALERTS, ALERTS, 2 * ALERTS, 0]
        act_at_once(environment, tmp_path, "resolve_alert")
        assert read(environment) == [ALERTS, 0, 2 * ALERTS, 2 * ALERTS]


def read(environment: dict[str, str]) -> list[int]:
    """Return how many alerts there are, how many are open, and the mails of both kinds."""
    return [int(word) for word in finished(shell(environment, READ)).split("READ")[1].split()]
