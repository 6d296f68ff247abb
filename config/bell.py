"""The bell of background work: it looks at the tables and rings each drain whose work is due.

A row that is due is therefore enough. Whoever wrote it may die before the enqueue, and the queue may lose its tasks.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.timezone import now
from django_q.brokers import get_broker
from django_q.models import OrmQ
from redis.exceptions import RedisError

from config.queue import Drain, enqueue

logger = logging.getLogger(__name__)

Target = tuple[str, tuple[int, ...]]
"""A drain by its dotted name, and the key of the owner it is to work for."""

OUTAGES = (DatabaseError, RedisError)
"""A store that is away; the bell goes on and rings when it is back. Anything else is a defect and says so."""


def drains() -> dict[str, Drain]:
    """Return the drains of the settings by dotted name."""
    return {name: import_string(name) for name in settings.DRAINS}


def waiting_tasks(at: datetime) -> tuple[int, Counter[Target]]:
    """Return how many tasks wait or run, in all and (with the database as broker) by dotted name and key.

    A row whose task was taken longer ago than any task may run was in the hands of a worker that died.
    """
    broker = get_broker()
    if "orm" not in settings.Q_CLUSTER:
        return broker.queue_size(), Counter()
    q = settings.Q_CLUSTER
    taken_lately = Q(lock__gt=at + timedelta(seconds=q["retry"] - q["timeout"]))
    rows = OrmQ.objects.filter(Q(lock__lte=at) | taken_lately, key=broker.list_key)
    tasks = [row.task for row in rows[: settings.QWORKER["ceiling"]]]
    targets = Counter((str(task.get("func", "")), tuple(task.get("args", ()))) for task in tasks)
    return targets.total(), targets


def take_back_tasks(at: datetime) -> None:
    """Have every task that was taken delivered again now: a cluster that died does not give its own back.

    Tasks in hand on another host are thereby doubled, which drains are made for.
    """
    if "orm" in settings.Q_CLUSTER:
        OrmQ.objects.filter(key=get_broker().list_key, lock__gt=at).update(lock=at)


class Bell:
    """Rings drains; call `ring()` as often as you like, it keeps the measure itself."""

    def __init__(self, drains: Mapping[str, Drain], clock: Callable[[], float] = monotonic) -> None:
        self.drains = drains
        self.clock = clock
        self.rung_at: dict[Target, float] = {}
        self.out_since: float | None = None

    def ring(self) -> list[Target]:
        """Enqueue every drain whose work is due, within the measure of `settings.QWORKER`; return what was rung."""
        try:
            rung = self._ring(now())
        except OUTAGES as error:
            self._note_outage(error)
            return []
        if self.out_since is not None:
            logger.warning("The bell rings again after %.0f s without its stores.", self.clock() - self.out_since)
            self.out_since = None
        return rung

    def _ring(self, at: datetime) -> list[Target]:
        due = [target for name in self.drains for target in self._due(name, at) if self._rested(target)]
        if not due:
            return []
        total, waiting = waiting_tasks(at)
        rung: list[Target] = []
        # Whoever has waited longest first, so that many accounts with work leave the ceiling to each other.
        for name, key in sorted(due, key=lambda target: self.rung_at.get(target, 0.0)):
            if total >= settings.QWORKER["ceiling"]:
                break
            if waiting[name, key] >= settings.QWORKER["per_task"]:
                continue
            enqueue(name, *key)
            self.rung_at[name, key] = self.clock()
            total += 1
            rung.append((name, key))
        return rung

    def _due(self, name: str, at: datetime) -> list[Target]:
        if not self._rested((name, ())):
            return []
        answer = self.drains[name].due(at)
        if isinstance(answer, bool):
            return [(name, ())] if answer else []
        return [(name, (key,)) for key in answer]

    def _rested(self, target: Target) -> bool:
        last = self.rung_at.get(target)
        return last is None or self.clock() - last >= settings.QWORKER["pause"]

    def _note_outage(self, error: Exception) -> None:
        """Log the first failure of an outage, not each of the four in a second."""
        if self.out_since is None:
            self.out_since = self.clock()
            logger.error("The bell cannot reach its stores and goes on trying: %s", error)
