"""The one door to background work.

A task is a door bell: it carries a primary key or nothing, may be lost or rung twice, and the work itself is a row.
With the database broker the bell is part of the caller's transaction; with Redis it rings after the commit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, cast

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task

Due = Callable[[datetime], bool | Sequence[int]]


class Drain(Protocol):
    """A task that works off a table until nothing is due, and can tell whether anything is.

    One that works for one owner at a time is told its key, and tells the keys of all that have work.
    """

    due: Due

    def __call__(self, *key: int) -> None: ...


def enqueue(task: str, *ids: int) -> None:
    """Put a task on the queue by its dotted name, with primary keys only."""

    def ring() -> None:
        async_task(task, *ids, save=False)

    if "orm" in settings.Q_CLUSTER:
        ring()
    else:
        transaction.on_commit(ring, robust=True)


def drain_task(*, due: Due) -> Callable[[Callable[..., None]], Drain]:
    """Mark a task of `settings.DRAINS`; `due(at)` says with one cheap query whether the table has work, or for whom."""

    def mark(function: Callable[..., None]) -> Drain:
        task = cast(Drain, function)
        task.due = due
        return task

    return mark
