"""Freezing a choice of rows as keys before anybody is asked about it, and letting what was asked begin."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import now
from django.utils.translation import get_language

from config.jobs.models import Job, JobBatch

BATCH = 200
"""Keys kept in one row of the database, and rows that a worker has in hand."""
MOST_ROWS = 1_000_000
KEPT = timedelta(hours=2)
"""For how long a question that nobody answers keeps its rows."""
READ_AT_ONCE = 5_000


class TooManyRows(Exception):
    """The choice has more rows than a job may have."""


def freeze_choice(
    *, page: str, action: str, actor: Any, queryset: QuerySet[Any], summary: Sequence[Mapping[str, Any]]
) -> Job:
    """Write the keys of these rows down, in their order, and return the job that waits to be confirmed.

    The keys pass through memory in small parts, however many they are. Raises TooManyRows.
    """
    Job.objects.filter(state=Job.State.ASKED, asked_at__lt=now() - KEPT).delete()
    with transaction.atomic():
        job = Job.objects.create(
            page=page, action=action, actor=actor, summary=list(summary), language=get_language() or "en"
        )
        keys = _each_once(queryset.order_by("pk").values_list("pk", flat=True).iterator(READ_AT_ONCE))
        while part := list(islice(keys, READ_AT_ONCE)):
            _write(job, part)
            if job.total > MOST_ROWS:
                raise TooManyRows
        job.save(update_fields=["total"])
    return job


def _each_once(keys: Iterable[Any]) -> Iterator[Any]:
    """Yield keys as JSON can hold them; a search over a join returns a row several times, one after the other."""
    before = None
    for key in keys:
        if key != before:
            yield key if isinstance(key, int) else str(key)
        before = key


def _write(job: Job, keys: Sequence[Any]) -> None:
    starts = range(0, len(keys), BATCH)
    JobBatch.objects.bulk_create(
        JobBatch(job=job, first=job.total + start, keys=keys[start : start + BATCH]) for start in starts
    )
    job.total += len(keys)


def first_keys(job: Job, most: int) -> list[Any]:
    """Return the first keys of a choice, as many as a page shows."""
    batches = job.batches.filter(first__lt=most).order_by("first").values_list("keys", flat=True)
    return [key for keys in batches for key in keys][:most]


def start_job(job: Job, *, fields: Mapping[str, Any]) -> bool:
    """Let a worker begin; False if it was let begin before. `fields` are what the form asked, as JSON can hold them."""
    kept = json.loads(json.dumps(fields, cls=DjangoJSONEncoder))
    if kept != dict(fields):
        raise TypeError(f"A worker would not get what the form of {job.action} asked.")
    at = now()
    asked = Job.objects.filter(pk=job.pk, state=Job.State.ASKED)
    reason = str(fields.get("reason", ""))
    return bool(asked.update(state=Job.State.RUNNING, fields=kept, reason=reason, started_at=at, next_at=at))
