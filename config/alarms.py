"""Warnings of what no service notices by itself: events that lie dead, and a disk that takes no journal."""

import os
from secrets import token_hex

from billing.models import InboundEvent
from config import vitals
from config.heartbeat import HOST
from notifications.services.alert import raise_alert, resolve_alert
from smartbill import journal

MOST_COUNTED = 1000
PAGE = 4096
KIND, KEY = "dead_letters", "events"


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
