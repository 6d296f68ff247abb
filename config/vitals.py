"""Figures about the health of the house, each a cheap query on an index, for /readyz, /metrics and check_connections.

States in which rows come to rest (issued, done, sent) are not counted: there are a million of them, and a count of a
table is as slow as the table is long.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from threading import Event

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django_q.brokers import get_broker
from django_q.models import Failure, OrmQ

from billing.models import InboundEvent, Sale
from config.models import Heartbeat
from notifications.alerts import KINDS
from notifications.lifecycle import Status as MessageStatus
from notifications.models import Alert, Message
from smartbill.lifecycle import FINAL, Status
from smartbill.models import Attempt, Channel, Document, Outage

EVENTS, SALES = InboundEvent.State, Sale.Outcome
UNPROCESSED = (EVENTS.NEW, EVENTS.RETRY, EVENTS.PROCESSING)
DEAD = (EVENTS.DEAD, EVENTS.POISON)
IN_MOTION: Mapping[type[InboundEvent | Sale | Document | Message], tuple[str, tuple[str, ...]]] = {
    InboundEvent: ("state", (*UNPROCESSED, *DEAD)),
    Sale: ("outcome", (SALES.PENDING, SALES.HELD)),
    Document: (
        "status",
        tuple(each for each in Status.values if each not in FINAL),
    ),
    Message: (
        "status",
        (MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.FAILED, MessageStatus.UNKNOWN),
    ),
}
"""For each table the column of its state, and the states in which a row waits for a machine or a person."""
TABLES = {InboundEvent: "events", Sale: "sales", Document: "documents", Message: "messages"}


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def migrations_are_applied() -> bool:
    """Whether the database has every migration of this code. Yes is remembered: the code of a process stays."""
    if not _seen_applied.is_set():
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _seen_applied.set()
    return True


_seen_applied = Event()


def oldest_due(at: datetime) -> Mapping[str, float]:
    """Return for each table of work for how many seconds its oldest due row has waited."""
    new = InboundEvent.objects.filter(state__in=[EVENTS.NEW, EVENTS.RETRY], next_at__lte=at)
    left = InboundEvent.objects.filter(state=EVENTS.PROCESSING, lease_until__lt=at)
    events = [new.aggregate(since=Min("next_at"))["since"], left.aggregate(since=Min("lease_until"))["since"]]
    return {
        "events": _age(events, at),
        "sales": _age([Sale.objects.due(at).aggregate(since=Min("next_at"))["since"]], at),
        "documents": _age([Document.objects.due(at).aggregate(since=Min("next_at"))["since"]], at),
        "messages": _age([Message.objects.due(at).aggregate(since=Min("next_at"))["since"]], at),
    }


def oldest(at: datetime) -> Mapping[str, float]:
    """Return the age in seconds of the oldest unprocessed event, dead letter, open attempt, doubt and outage."""
    return {
        "unprocessed_event": _age([first_received(UNPROCESSED)], at),
        "dead_letter": _age([first_received(DEAD)], at),
        "open_attempt": _age([Attempt.objects.open().aggregate(since=Min("started_at"))["since"]], at),
        "doubt": _age([Document.objects.unknown().aggregate(since=Min("status_since"))["since"]], at),
        "outage": Outage.objects.oldest_age_seconds(at),
    }


def first_received(states: Iterable[str]) -> datetime | None:
    """Return when the oldest event in one of these states came: one step into the index of states for each."""
    events = InboundEvent.objects.order_by("id").values_list("received_at", flat=True)
    found = [events.filter(state=state).first() for state in states]
    return min((moment for moment in found if moment is not None), default=None)


def _age(moments: Iterable[datetime | None], at: datetime) -> float:
    """Return the seconds since the earliest of these moments, 0 if there is none."""
    known = [moment for moment in moments if moment is not None]
    return max(0.0, (at - min(known)).total_seconds()) if known else 0.0


def counts() -> Mapping[str, Mapping[str, int]]:
    """Return how many rows each table has in each state in which something is still to happen."""
    return {TABLES[model]: _by(model, field, states) for model, (field, states) in IN_MOTION.items()}


def _by(model: type[InboundEvent | Sale | Document | Message], field: str, states: tuple[str, ...]) -> dict[str, int]:
    rows = model._default_manager.filter(**{f"{field}__in": states}).order_by().values_list(field)
    return dict.fromkeys(map(str, states), 0) | {str(state): count for state, count in rows.annotate(n=Count("pk"))}


def documents_in_doubt() -> int:
    return Document.objects.unknown().count()


def breakers() -> Mapping[str, tuple[str, int | None]]:
    """Return for each account (by the number of its issuer) whether it sends, and how many calls at most while it
    recovers."""
    rows = Channel.objects.order_by("pk").values_list("pk", "state", "limit")
    return {str(issuer): (state, limit) for issuer, state, limit in rows}


def open_alerts() -> Mapping[str, int]:
    """Return how many alerts of each kind go on."""
    rows = Alert.objects.open().order_by().values_list("kind").annotate(count=Count("pk"))
    return dict.fromkeys(KINDS, 0) | dict(rows)


def heartbeats() -> Mapping[str, datetime]:
    """Return when each name was last alive."""
    return dict(Heartbeat.objects.values_list("name", "beat_at"))


def queued_tasks() -> int:
    """Return how many tasks wait or run; with Redis as broker, how many wait."""
    return int(OrmQ.objects.count() if "orm" in settings.Q_CLUSTER else get_broker().queue_size())


def queue_age(at: datetime) -> float:
    """Return for how many seconds the oldest task has waited to be taken; 0 with Redis, which does not know it."""
    return _age([OrmQ.objects.filter(lock__lte=at).aggregate(since=Min("lock"))["since"]], at)


def recent_failures(at: datetime) -> int:
    """Return how many tasks failed within the last hour."""
    return int(Failure.objects.filter(stopped__gt=at - timedelta(hours=1)).count())
