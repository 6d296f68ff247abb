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
from config.records import record
from config.tasks import raise_alarms
from notifications.models import Alert, Message
from tests.factories.billing import InboundEventFactory
from tests.factories.notifications import MessageFactory

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


def tried(status: str = "queued", *, minutes: int = 20, **columns: object) -> Message:
    made = now() - timedelta(minutes=minutes)
    return MessageFactory.create(
        **{"status": status, "attempts": 3, "created_at": made, "next_at": now(), "last_error": "HTTP 401", **columns}
    )


def mail_alerts() -> list[tuple[int, bool]]:
    rows = Alert.objects.filter(kind="mail_failing")
    return [(alert.context["count"], alert.resolved_at is None) for alert in rows]


def test_mails_that_do_not_leave_are_one_alert_until_one_leaves() -> None:
    waiting = tried()
    raise_alarms()
    raise_alarms()
    assert mail_alerts() == [(1, True)]
    Message.objects.filter(pk=waiting.pk).update(status="sent", sent_at=now())
    raise_alarms()
    assert mail_alerts() == [(1, False)]


def test_a_mail_that_was_tried_once_or_lately_or_beside_others_that_leave_is_no_alarm() -> None:
    tried(attempts=1)
    tried(minutes=5)
    raise_alarms()
    assert mail_alerts() == []
    tried()
    tried("sent", sent_at=now() - timedelta(minutes=1))
    raise_alarms()
    assert mail_alerts() == []


def test_one_bad_address_is_no_alarm_and_many_in_an_hour_are() -> None:
    tried("failed")
    for _each in range(3):
        tried("unknown")
    raise_alarms()
    assert mail_alerts() == []
    tried("failed")
    raise_alarms()
    assert mail_alerts() == [(5, True)]


def test_a_backup_that_was_recorded_is_missed_a_day_later() -> None:
    raise_alarms()
    assert not Alert.objects.exists()
    record(alarms.BACKUP, is_good=True, at=now() - timedelta(hours=27))
    record(alarms.BACKUP, is_good=False, detail="disk full")
    raise_alarms()
    assert Alert.objects.get().kind == "backup_old"
    record(alarms.BACKUP, is_good=True)
    raise_alarms()
    assert Alert.objects.get().resolved_at is not None
