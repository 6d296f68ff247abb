"""Carrying out jobs: each row under its own transaction, in which its outcome is written down as well.

A worker that dies at any point therefore leaves no row half done and none done without a word, and the next one goes on
behind it. What two workers begin at once, one of them finds written and leaves alone.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.admin.base import HouseAdmin
from config.admin.each import BROKEN, DONE, FAILED, REFUSED, Outcome, Plan, outcome_of
from config.jobs.cancel import stop_job
from config.jobs.models import Job, JobBatch, JobRow
from config.jobs.plan import NoSuchAction, action_of
from config.kill_points import reach

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
RENEW_EVERY = 5.0
AFTER_ERROR = timedelta(seconds=30)
MOST_TRIES = 5
"""So often a worker may come to its end at one row before that row is told to have failed."""


class JobLost(Exception):
    """The job was cancelled, or another worker has it in hand."""


def run_due_jobs() -> None:
    """Work on the jobs that are due for the budget of a drain; what is left is found again."""
    end = monotonic() + settings.DRAIN["budget"]
    while monotonic() < end and (job := _claim()) is not None:
        pause = timedelta()
        try:
            with translation.override(job.language):
                Runner(job).run_until(end)
        except JobLost:
            continue
        except NoSuchAction as error:
            stop_job(job, actor=None, why=str(error))
            continue
        except BROKEN as error:
            # The class alone: messages of databases quote the data of customers.
            logger.error("Job %s waits: %s", job.pk, type(error).__name__)
            pause = AFTER_ERROR
        # Given back by a living worker: only deaths count as tries.
        mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, next_at=job.next_at)
        mine.update(next_at=now() + pause, tries=0)


def _claim() -> Job | None:
    """Take the job that is due longest; nobody else gets it before the lease ends. The try is counted at once."""
    at = now()
    for row in Job.objects.due(at).order_by("next_at", "id")[:10]:
        mine = Job.objects.due(at).filter(pk=row.pk, next_at=row.next_at)
        if mine.update(next_at=at + LEASE, tries=F("tries") + 1):
            return Job.objects.get(pk=row.pk)
    return None


class Runner:
    """One worker's hand on one job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.action = action_of(job)
        self.renewed_at = monotonic()

    @property
    def page(self) -> HouseAdmin:
        return self.action.page

    def run_until(self, end: float) -> None:
        """Work batch by batch until the time is over or no row is left."""
        while monotonic() < end:
            batch = self.job.batches.filter(first=self.job.position).first()
            if batch is None:
                Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, position=self.job.position).update(
                    state=Job.State.DONE, ended_at=now(), next_at=None
                )
                return
            # Rights are read anew for each batch: who lost one meanwhile is refused by the service.
            actor = get_user_model()._default_manager.get(pk=self.job.actor_id)
            plan = self.action.plan_for(actor, self.job.fields)
            is_whole = plan.together is not None and self._do_together(batch, plan)
            if not is_whole and not self._do_each(batch, plan, end):
                return
            self._finish(batch)

    def _do_together(self, batch: JobBatch, plan: Plan) -> bool:
        """Do a whole batch and write down what became of it, in one transaction; False when it must go by the row."""
        if self.job.tries > 1 or self.job.rows.filter(number__gte=batch.first).exists():
            return False
        assert plan.together is not None  # noqa: S101 - told to the type checker
        self._hold()
        try:
            with transaction.atomic(durable=True):
                present = self._present(batch.keys)
                refused = plan.together(list(present), actor=plan.user, **plan.fields)
                outcomes = [_gone() if key not in present else _of(refused, key, str(plan.done)) for key in batch.keys]
                JobRow.objects.bulk_create(
                    self._row(batch.first + place, key, outcome)
                    for place, (key, outcome) in enumerate(zip(batch.keys, outcomes, strict=True))
                )
                reach("in_bulk_batch")
        except BROKEN:
            raise
        except Exception:
            # By the row each one is refused or fails by itself, in its own words.
            logger.warning("Job %s goes on by the row.", self.job.pk, exc_info=True)
            return False
        return True

    def _present(self, keys: Sequence[Any]) -> set[Any]:
        return set(self.page.model._default_manager.filter(pk__in=keys).values_list("pk", flat=True))

    def _do_each(self, batch: JobBatch, plan: Plan, end: float) -> bool:
        """Do the rows of a batch that have no outcome yet; False when the time was over before the last one."""
        last = batch.first + len(batch.keys)
        told = set(self.job.rows.filter(number__gte=batch.first, number__lt=last).values_list("number", flat=True))
        request = HttpRequest()
        request.user = plan.user
        rows = self.page.get_queryset(request)
        for number, key in enumerate(batch.keys, start=batch.first):
            if number in told:
                continue
            if monotonic() >= end:
                return False
            self._hold()
            self._do_row(number, key, rows, plan)
        return True

    def _do_row(self, number: int, key: Any, rows: Any, plan: Plan) -> None:
        try:
            with transaction.atomic(durable=True):
                # First: whoever writes the same row waits here, and then finds that it was done.
                kept = self._row(number, key, Outcome(FAILED, ""))
                kept.save(force_insert=True)
                reach("in_bulk_row")
                outcome = self._outcome(key, rows, plan)
                JobRow.objects.filter(pk=kept.pk).update(outcome=outcome.kind, words=outcome.words, at=now())
        except IntegrityError:
            if not self.job.rows.filter(number=number).exists():
                raise
        reach("after_bulk_row")
        if self.job.tries > 1:
            self._note_progress()

    def _outcome(self, key: Any, rows: Any, plan: Plan) -> Outcome:
        if self.job.tries > MOST_TRIES:
            return Outcome(FAILED, _("several workers came to their end at this row; it is left alone."))
        try:
            with transaction.atomic():
                row = rows.filter(pk=key).first()
                if row is None:
                    return _gone()
                if self.page.changed_since(row, self.job.asked_at):
                    return Outcome(REFUSED, _("It has changed since you were asked about it. Look at it again."))
                return _undone_unless_done(outcome_of(self.page, row, plan, lets_pass=BROKEN))
        except _Undone as undone:
            return undone.outcome

    def _row(self, number: int, key: Any, outcome: Outcome) -> JobRow:
        return JobRow(job=self.job, number=number, key=str(key)[:64], outcome=outcome.kind, words=outcome.words)

    def _hold(self) -> None:
        """Go on only while the job is running; renew the lease now and then."""
        mine = Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, next_at=self.job.next_at)
        if monotonic() - self.renewed_at < RENEW_EVERY:
            if not mine.exists():
                raise JobLost
            return
        until = now() + LEASE
        if not mine.update(next_at=until):
            raise JobLost
        self.job.next_at, self.renewed_at = until, monotonic()

    def _note_progress(self) -> None:
        Job.objects.filter(pk=self.job.pk).update(tries=1)
        self.job.tries = 1

    def _finish(self, batch: JobBatch) -> None:
        """Count a batch into the job, once."""
        last = batch.first + len(batch.keys)
        found = list(self.job.rows.filter(number__gte=batch.first, number__lt=last).values_list("outcome", flat=True))
        counts = {name: F(name) + found.count(name) for name in (DONE, REFUSED, FAILED)}
        place = Job.objects.filter(pk=self.job.pk, position=batch.first)
        place.update(position=last, tries=1, **counts)
        self.job.position, self.job.tries = last, 1


class _Undone(Exception):
    """Takes back what a service had written before it refused or failed."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def _undone_unless_done(outcome: Outcome) -> Outcome:
    if outcome.kind != DONE:
        raise _Undone(outcome)
    return outcome


def _gone() -> Outcome:
    return Outcome(REFUSED, _("The row does not exist any more."))


def _of(refused: Any, key: Any, done: str) -> Outcome:
    why = refused.get(key)
    return Outcome(DONE, done) if why is None else Outcome(REFUSED, why)
