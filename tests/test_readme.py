"""The README and the packaging say what the code does."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import load_command_class

from config.checks.background import drain_seconds
from config.heartbeat import MISSED
from config.lookout import SURE_AFTER
from config.management.commands.qworker import PERSON_NEEDED
from config.metrics import exposition
from config.provisioning.groups import groups
from notifications.alerts import KINDS
from notifications.services.tell_alert import BURST, BURST_WITHIN
from smartbill.clocks import rules_for
from smartbill.journal import KEPT_FOR
from smartbill.lifecycle import TRANSITIONS
from smartbill.providers.el_salvador.contract import current
from smartbill.services.alarm_doubts import AGES
from smartbill.services.apply_reading import POLLS
from smartbill.services.outage_probe import PER_DOCUMENT
from smartbill.services.vouch import HARDLY_AWAY, LOOK_EVERY

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def states() -> str:
    """Return the table of states as the README's picture."""
    lines = ["stateDiagram-v2"]
    for before, after in TRANSITIONS.items():
        lines += [f"    {before} --> {each}" for each in sorted(after)] or [f"    {before} --> [*]"]
    return "\n".join(lines)


def test_the_picture_of_the_states_is_the_table() -> None:
    assert f"```mermaid\n{states()}\n```" in README


def test_every_requirement_is_explained() -> None:
    required = re.findall(r"^([\w-]+)", (ROOT / "requirements" / "base.in").read_text(), flags=re.M)
    explained = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^\| ([\w, -]+) \|", README, flags=re.M))))
    assert len(required) > 15
    assert set(required) - explained == set()


@pytest.mark.django_db
def test_every_group_is_named() -> None:
    assert [name for name in groups() if f"| {name} |" not in README] == []


def test_every_alert_is_told_with_its_audience() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| ([\w ,]+) \| [^|]+ \| [^|]+ \|$", README, flags=re.M))
    assert told == {name: ", ".join(kind.audience) for name, kind in KINDS.items()}


def test_every_job_is_told_with_its_interval() -> None:
    told = re.findall(r"^\| `(sello\.\w+)` \| (\d+) minutes? \| [^|]+ \|$", README, flags=re.M)
    assert {name: int(minutes) for name, minutes in told} == {
        name: minutes for name, (_task, minutes) in settings.SCHEDULES.items()
    }


@pytest.mark.django_db
def test_every_gauge_is_told_and_no_other() -> None:
    served = set(re.findall(r"^# HELP (sello_\w+)", exposition().decode(), flags=re.M))
    assert set(re.findall(r"`(sello_[a-z_]+)(?:\{[a-z,]+\})?`", README)) == served


def test_the_limits_of_alerts_are_those_of_the_code() -> None:
    assert f"after {BURST} of one kind within an hour" in README
    assert timedelta(hours=1) == BURST_WITHIN
    assert f"no sign of life for {settings.QWORKER['silence']} s" in README
    assert f"for {MISSED} times its interval" in README
    assert f"has been heard for {SURE_AFTER:.0f} s" in README
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--interval=15s" in dockerfile
    assert "asks every 15 s" in README


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ('`Q_CLUSTER["timeout"]` |', settings.Q_CLUSTER["timeout"]),
        ('`Q_CLUSTER["retry"]` |', settings.Q_CLUSTER["retry"]),
        ('`Q_CLUSTER["guard_cycle"]` |', settings.Q_CLUSTER["guard_cycle"]),
        ('`DRAIN["budget"]`', settings.DRAIN["budget"]),
        ('`DRAIN["late"]`', settings.DRAIN["late"]),
        ('`DRAIN["margin"]`', settings.DRAIN["margin"]),
        ('`QWORKER["silence"]` |', settings.QWORKER["silence"]),
        ('`QWORKER["grace"]` |', settings.QWORKER["grace"]),
        ('`QWORKER["ceiling"]` |', settings.QWORKER["ceiling"]),
    ],
)
def test_the_sizes_are_those_of_the_settings(name: str, value: float) -> None:
    assert f"{name} {value} " in README


def test_what_is_said_of_a_restore_is_so() -> None:
    text = README[README.index("## After a restore") :]
    assert f"kept for {KEPT_FOR // 86_400} days" in text
    assert f"ends with status {PERSON_NEEDED}" in text
    assert "every five seconds" in text
    assert LOOK_EVERY == 5.0
    assert "more than ten minutes" in text
    assert HARDLY_AWAY == 600


def test_the_container_is_stopped_later_than_the_worker_stops() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    worker = services["worker"]
    assert worker["init"] is True
    assert worker["restart"] == "always"
    assert int(worker["stop_grace_period"].removesuffix("s")) > settings.QWORKER["grace"] > 2 * drain_seconds() - 1
    assert all("healthcheck" in services[name] for name in ("worker", "database", "cache"))


def test_the_image_runs_as_nobody_special_and_asks_after_its_health() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "USER sello" in dockerfile
    assert "--require-hashes" in dockerfile
    assert "HEALTHCHECK" in dockerfile


def test_the_legal_times_of_an_outage_are_those_of_the_data_file() -> None:
    rules = rules_for("el_salvador", date(2026, 12, 1))
    table = re.findall(r"^\| [^|]+ \| [^|]+ \| (\d+ h|end of the month) \| ([\w-]+) \|$", README, flags=re.M)
    expected = [f"{rule.hours} h" if rule.hours else "end of the month" for rule in rules]
    assert table == list(zip(expected, [rule.certainty.replace("_", "-") for rule in rules], strict=True))


def test_the_drill_is_started_as_the_readme_says() -> None:
    command = re.search(r"`manage\.py (outage_drill [^`]+)`", README)
    assert command is not None
    name, *arguments = command[1].split()
    assert vars(load_command_class("smartbill", name).create_parser("manage.py", name).parse_args(arguments))
    assert f"one in {PER_DOCUMENT.seconds} s together" in README


def test_the_doubts_figures_are_those_of_the_code() -> None:
    contract, minutes = current(), "(10 minutes, 30 while an outage is open)"
    assert minutes in README.replace("\n  ", " ")
    assert (contract["quiet.period"], contract["quiet.contingency"]) == (600, 1800)
    assert f"{contract['quiet.period']} s, {contract['quiet.contingency']} s in a contingency" in README
    assert list(AGES.values()) == [timedelta(minutes=15), timedelta(hours=4)]
    assert (POLLS[0], POLLS[-1]) == (60, 15 * 60)
