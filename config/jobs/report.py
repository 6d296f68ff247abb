"""What the page of a job says, and the table of its rows for a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Count
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.admin.base import HouseAdmin
from config.jobs.freeze import BATCH
from config.jobs.models import Job, JobBatch, JobRow
from config.jobs.plan import NoSuchAction, action_of, page_of

MOST_SHOWN = 50
MOST_REASONS = 20
LEFT = "left"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class RowLine:
    """One row of a job as it is shown: where it stands, its name, its page, what became of it."""

    number: int
    key: str
    label: str
    url: str
    outcome: str
    words: str


def action_label(job: Job) -> str:
    """Return what the job does, in words."""
    try:
        return action_of(job).label
    except NoSuchAction:
        return job.action


def minutes_left(job: Job, figures: Mapping[str, int]) -> int | None:
    """Return how many minutes the rest will take at the pace so far; None while too little is known."""
    worked = job.total - figures[LEFT]
    if job.state != Job.State.RUNNING or job.started_at is None or worked < BATCH:
        return None
    pace = (now() - job.started_at) / worked
    return max(1, round((pace * figures[LEFT]).total_seconds() / 60))


def reasons(job: Job) -> list[tuple[str, int]]:
    """Return why rows were refused or failed, with how many each, the most frequent first."""
    rows = job.rows.filter(outcome__in=["refused", "failed"]).order_by().values_list("words")
    return list(rows.annotate(count=Count("pk")).order_by("-count", "words")[:MOST_REASONS])


def shown_rows(job: Job, *, outcome: str, after: int) -> list[RowLine]:
    """Return the next rows with this outcome ("" for any) behind a number, one more than a page shows."""
    rows = job.rows.filter(number__gt=after)
    if outcome:
        rows = rows.filter(outcome=outcome)
    return list(lines_of(job, rows.order_by("number")[: MOST_SHOWN + 1]))


def lines_of(job: Job, rows: Iterable[JobRow]) -> Iterator[RowLine]:
    """Yield rows with their names, which are read in parts."""
    page = page_of(job.page)
    source = iter(rows)
    while part := list(islice(source, BATCH)):
        labels = _labels(page, [row.key for row in part])
        for row in part:
            label, url = labels.get(row.key, (row.key, ""))
            yield RowLine(row.number + 1, row.key, label, url, str(row.get_outcome_display()), row.words)


def _labels(page: HouseAdmin | None, keys: list[str]) -> dict[str, tuple[str, str]]:
    if page is None:
        return {}
    rows = page.model._default_manager.filter(pk__in=keys)
    if isinstance(page.list_select_related, list | tuple):
        rows = rows.select_related(*page.list_select_related)
    return {str(row.pk): (page.row_label(row), page.page_url(row.pk)) for row in rows}


def table(job: Job, *, outcome: str) -> Iterator[list[str]]:
    """Yield the heading and one row for each with this outcome ("" for any), at last those that were never begun."""
    yield [_("Number"), _("Key"), _("Row"), _("Outcome"), _("Reason")]
    if outcome != LEFT:
        rows = job.rows.filter(outcome=outcome) if outcome else job.rows.all()
        for line in lines_of(job, rows.order_by("number").iterator(2 * BATCH)):
            yield [str(line.number), line.key, _plain(line.label), line.outcome, _plain(line.words)]
    if outcome in ("", LEFT):
        yield from _left(job)


def _left(job: Job) -> Iterator[list[str]]:
    page = page_of(job.page)
    for batch in job.batches.filter(first__gte=job.position).order_by("first").iterator(10):
        for number, key, label in _untouched(job, batch, page):
            yield [str(number + 1), key, _plain(label), _("not begun"), job.cancel_reason and _plain(job.cancel_reason)]


def _untouched(job: Job, batch: JobBatch, page: HouseAdmin | None) -> Iterator[tuple[int, str, str]]:
    last = batch.first + len(batch.keys)
    told = set(job.rows.filter(number__gte=batch.first, number__lt=last).values_list("number", flat=True))
    keys = {number: str(key) for number, key in enumerate(batch.keys, start=batch.first) if number not in told}
    labels = _labels(page, list(keys.values()))
    for number, key in keys.items():
        yield number, key, labels.get(key, (key, ""))[0]


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: names come from customers."""
    return f"'{text}" if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text


class Echo:
    """Hands a written line on instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(job: Job, *, outcome: str) -> Iterator[Any]:
    """Yield the table as lines of CSV that a spreadsheet opens with its letters right."""
    writer = csv.writer(Echo())
    yield "\ufeff"
    for row in table(job, outcome=outcome):
        yield writer.writerow(row)
