"""Warnings of what no service notices by itself: dead events, mails that do not leave, old backups, a full disk."""

import os
from datetime import datetime, timedelta
from secrets import token_hex

from django.utils.timezone import now

from billing.models import InboundEvent
from config import vitals
from config.heartbeat import HOST
from config.models import Record
from notifications.lifecycle import Status
from notifications.models import Alert, Message
from notifications.services.alert import raise_alert, resolve_alert
from smartbill import journal

MOST_COUNTED = 1000
PAGE = 4096
KIND, KEY = "dead_letters", "events"
MAIL, MAIL_KEY = "mail_failing", "outbox"
BACKUP = "backup"
MAIL_PATIENCE = timedelta(minutes=10)
BACKUP_PATIENCE = timedelta(hours=26)
LATEST = 50
"""Messages of each state that are looked at: the newest ones say how it goes."""
FEWEST_LOST = 5
"""So many mails must have failed for good, or be in doubt, before it is the way and not the address."""


def raise_alarms_of_events() -> None:
    """Warn while events of Stripe lie dead: each may be a sale without a document."""
    since = vitals.first_received(vitals.DEAD)
    if since is None:
        resolve_alert(kind=KIND, key=KEY)
        return
    count = InboundEvent.objects.dead().order_by()[: MOST_COUNTED + 1].count()
    number = f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
    context = {"name": "", "count": number, "since": f"{since:%Y-%m-%d %H:%M} UTC"}
    raise_alert(kind=KIND, key=KEY, context=context)


def raise_alarms_of_mail() -> None:
    """Warn while mails fail and none arrives: one bad address is the matter of its own message."""
    at = now()
    sent_at = _newest("sent_at", Status.SENT)
    since = at - MAIL_PATIENCE
    if sent_at is not None and sent_at > since:
        resolve_alert(kind=MAIL, key=MAIL_KEY)
        return
    waiting = Message.objects.filter(status=Status.QUEUED, attempts__gte=2, created_at__lt=since)
    oldest = waiting.order_by("next_at", "id").values_list("created_at", flat=True).first()
    lost = _recently_lost(max(filter(None, [sent_at, at - timedelta(hours=1)])))
    if oldest is not None or len(lost) >= FEWEST_LOST:
        first = min([*lost, *([oldest] if oldest else [])])
        context = {"name": "", "count": waiting[:LATEST].count() + len(lost), "since": f"{first:%Y-%m-%d %H:%M} UTC"}
        raise_alert(kind=MAIL, key=MAIL_KEY, context=context)
    elif sent_at is not None:
        _resolve_when_sent(sent_at)


def _recently_lost(since: datetime) -> list[datetime]:
    """Return when the newest mails were made that failed for good or fell into doubt since then."""
    newest = Message.objects.filter(status__in=[Status.FAILED, Status.UNKNOWN]).order_by("-id")[:LATEST]
    return [made for made in newest.values_list("created_at", flat=True) if made >= since]


def _newest(field: str, status: str) -> datetime | None:
    rows = Message.objects.filter(status=status).order_by("-id").values_list(field, flat=True)[:LATEST]
    return max((moment for moment in rows if moment is not None), default=None)


def _resolve_when_sent(sent_at: datetime) -> None:
    """It is over when a mail has left after it began; that nothing waits any more proves nothing."""
    if Alert.objects.open().filter(kind=MAIL, key=MAIL_KEY, raised_at__lt=sent_at).exists():
        resolve_alert(kind=MAIL, key=MAIL_KEY)


def raise_alarm_of_backups() -> None:
    """Warn while the last backup that was recorded is old. Where none ever was, the page of readiness says so."""
    made = Record.objects.filter(name=BACKUP).values_list("good_at", flat=True).first()
    if made is None:
        return
    if now() - made > BACKUP_PATIENCE:
        raise_alert(kind="backup_old", key=BACKUP, context={"name": "", "since": f"{made:%Y-%m-%d %H:%M} UTC"})
    else:
        resolve_alert(kind="backup_old", key=BACKUP)


def raise_alarm_of_the_journal(host: str) -> None:
    """Warn while this host's disk does not take what the journal of calls would write."""
    fault = journal_fault()
    if fault:
        raise_alert(kind="journal_broken", key=host, context={"name": host.removeprefix(HOST), "error": fault})
    else:
        resolve_alert(kind="journal_broken", key=host)


def journal_fault() -> str:
    """Return why nothing can be written where the journals lie, or nothing; a page is written and removed again."""
    try:
        path = journal.directory() / f".probe-{token_hex(4)}"
        try:
            with path.open("xb") as file:
                file.write(bytes(PAGE))
                file.flush()
                os.fsync(file.fileno())
        finally:
            path.unlink(missing_ok=True)
    except OSError as error:
        return f"{type(error).__name__}: {error.strerror or error}"
    return ""
