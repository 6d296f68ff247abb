"""Dead letters are warned of while there are any, and a disk while it takes nothing."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils.timezone import now
from pytest_django.fixtures import Settings

from billing.models import InboundEvent
from config import alarms
from config.alarms import journal_fault, raise_alarm_of_the_journal
from config.tasks import raise_alarms
from notifications.models import Alert
from tests.factories.billing import InboundEventFactory

pytestmark = pytest.mark.django_db


def test_a_house_without_dead_letters_is_not_warned() -> None:
    InboundEventFactory(state=InboundEvent.State.RETRY)
    raise_alarms()
    assert not Alert.objects.exists()


def test_dead_letters_are_one_alert_with_their_number_and_the_age_of_the_oldest() -> None:
    InboundEventFactory(state=InboundEvent.State.POISON, received_at=now() - timedelta(hours=1))
    oldest = now() - timedelta(hours=5)
    InboundEventFactory(state=InboundEvent.State.DEAD, received_at=oldest)
    raise_alarms()
    raise_alarms()
    alert = Alert.objects.get()
    assert (alert.kind, alert.key) == ("dead_letters", "events")
    assert alert.context == {"name": "", "count": "2", "since": f"{oldest:%Y-%m-%d %H:%M} UTC"}


def test_when_they_are_processed_it_is_over() -> None:
    event = InboundEventFactory(state=InboundEvent.State.DEAD)
    raise_alarms()
    InboundEvent.objects.filter(pk=event.pk).update(state=InboundEvent.State.DONE)
    raise_alarms()
    assert Alert.objects.get().resolved_at is not None


def test_a_thousand_are_not_counted_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "MOST_COUNTED", 2)
    InboundEventFactory.create_batch(3, state=InboundEvent.State.DEAD)
    raise_alarms()
    assert Alert.objects.get().context["count"] == "2+"


def test_a_disk_that_takes_no_journal_is_warned_of_until_it_does(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    raise_alarm_of_the_journal("host:one")
    assert not Alert.objects.exists()
    (tmp_path / "journal").rmdir()
    (tmp_path / "journal").symlink_to("/proc/nowhere")
    raise_alarm_of_the_journal("host:one")
    alert = Alert.objects.get()
    assert (alert.kind, alert.key, alert.subject) == ("journal_broken", "host:one", "one")
    assert alert.context["error"].startswith("File")
    (tmp_path / "journal").unlink()
    raise_alarm_of_the_journal("host:two")
    assert Alert.objects.open().exists()
    raise_alarm_of_the_journal("host:one")
    assert not Alert.objects.open().exists()


def test_a_full_disk_is_a_fault_and_leaves_nothing_behind(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(os, "fsync", full)
    assert journal_fault() == "OSError: No space left on device"
    assert list((tmp_path / "journal").iterdir()) == []
