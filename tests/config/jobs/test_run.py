"""Each row is done once, whatever dies in between, and its outcome is written with it."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils.timezone import now

from config.jobs import run
from config.jobs.cancel import cancel_job
from config.models import Job
from config.tasks import drain_jobs
from notifications.admin import messages as pages
from notifications.models import Message, MessageEvent
from notifications.services.retry_message import retry_message
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db
Make = Callable[..., Job]


def make_due(job: Job) -> None:
    """Let the lease of a worker that died come to its end."""
    Job.objects.filter(pk=job.pk).update(next_at=now() - timedelta(seconds=1))


def outcomes(job: Job) -> list[tuple[int, str]]:
    return list(job.rows.values_list("number", "outcome"))


def test_every_row_has_its_outcome_and_its_reason(make_job: Make, rows: list[Message]) -> None:
    Message.objects.filter(pk=rows[1].pk).update(status="sent")
    job = make_job(queryset=Message.objects.filter(pk__in=[row.pk for row in rows]))
    Message.objects.filter(pk=rows[3].pk).delete()
    drain_jobs()
    job.refresh_from_db()
    assert (job.state, job.done, job.refused, job.failed, job.position, job.next_at) == ("done", 3, 2, 0, 5, None)
    assert list(job.rows.values_list("outcome", "words")) == [
        ("done", "queued again"),
        ("refused", "This cannot be done while the message is “Sent”."),
        ("done", "queued again"),
        ("refused", "The row does not exist any more."),
        ("done", "queued again"),
    ]
    assert set(MessageEvent.objects.values_list("actor", "detail")) == {(job.actor_id, "The provider works again.")}


def test_the_outcome_is_told_in_the_language_of_who_asked(make_job: Make) -> None:
    job = make_job()
    Job.objects.filter(pk=job.pk).update(language="es")
    drain_jobs()
    assert set(job.rows.values_list("words", flat=True)) == {"de nuevo en cola"}


@pytest.mark.parametrize("point", ["in_bulk_row", "after_bulk_row"])
@pytest.mark.parametrize("turn", [1, 2, 3, 5])
def test_a_worker_that_dies_at_any_row_does_none_twice(
    make_job: Make, monkeypatch: pytest.MonkeyPatch, point: str, turn: int
) -> None:
    job, turns = make_job(), Counter[str]()

    def die(name: str) -> None:
        turns[name] += 1
        if name == point and turns[name] == turn:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "reach", die)
        with pytest.raises(KeyboardInterrupt):
            drain_jobs()
    assert len(outcomes(job)) == (turn if point == "after_bulk_row" else turn - 1)
    drain_jobs()  # Its lease still runs: nobody else takes the job.
    assert Job.objects.get().state == "running"
    make_due(job)
    drain_jobs()
    job.refresh_from_db()
    assert (job.state, job.done, outcomes(job)) == ("done", 5, [(number, "done") for number in range(5)])
    assert MessageEvent.objects.count() == 5


def test_two_workers_that_both_think_it_is_theirs_do_no_row_twice(make_job: Make) -> None:
    job = make_job()
    one, two = run.Runner(Job.objects.get(pk=job.pk)), run.Runner(Job.objects.get(pk=job.pk))
    one.run_until(float("inf"))
    Job.objects.filter(pk=job.pk).update(state="running", next_at=job.next_at)
    two.run_until(float("inf"))
    job.refresh_from_db()
    assert (job.done, MessageEvent.objects.count(), len(outcomes(job))) == (5, 5, 5)


def test_only_one_worker_takes_a_job(make_job: Make) -> None:
    make_job()
    assert run._claim() is not None
    assert run._claim() is None


def test_a_row_at_which_workers_die_again_and_again_is_left_alone(
    make_job: Make, rows: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()

    def deadly(message: Message, **fields: Any) -> None:
        if message.pk == rows[1].pk:
            raise SystemExit
        retry_message(message, **fields)

    monkeypatch.setattr(pages, "retry_message", deadly)
    for _death in range(run.MOST_TRIES):
        with pytest.raises(SystemExit):
            drain_jobs()
        make_due(job)
    drain_jobs()
    assert outcomes(job) == [(0, "done"), (1, "failed"), (2, "done"), (3, "done"), (4, "done")]
    assert Job.objects.get().state == "done"


def test_a_database_that_is_away_costs_no_row_and_no_try(
    make_job: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job()

    def away(message: Message, **fields: Any) -> None:
        raise OperationalError("could not connect to ana@shop.example")

    with monkeypatch.context() as patch:
        patch.setattr(pages, "retry_message", away)
        for _each in range(run.MOST_TRIES + 1):
            drain_jobs()
            make_due(job)
    assert outcomes(job) == []
    assert "ana@shop.example" not in caplog.text
    drain_jobs()
    assert Job.objects.get().done == 5


def test_a_defect_in_one_row_leaves_nothing_of_it_behind(
    make_job: Make, rows: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()

    def half(message: Message, **fields: Any) -> None:
        retry_message(message, **fields)
        if message.pk == rows[2].pk:
            raise RuntimeError("secret detail")

    monkeypatch.setattr(pages, "retry_message", half)
    drain_jobs()
    job.refresh_from_db()
    assert (job.done, job.failed) == (4, 1)
    assert "secret detail" not in job.rows.get(outcome="failed").words
    assert Message.objects.get(pk=rows[2].pk).status == "failed"


def test_who_lost_the_right_meanwhile_does_nothing_more(make_job: Make) -> None:
    job = make_job()
    type(job.actor).objects.filter(pk=job.actor_id).update(is_active=False)
    drain_jobs()
    job.refresh_from_db()
    assert (job.done, job.refused, MessageEvent.objects.count()) == (0, 5, 0)


def test_what_was_cancelled_stops_before_the_next_row_and_says_what_is_left(
    make_job: Make, rows: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()
    boss = make_staff("config.cancel_job")

    def stop_at_the_third(message: Message, **fields: Any) -> None:
        if message.pk == rows[2].pk:
            cancel_job(job, actor=boss, reason="Wrong list.")
        retry_message(message, **fields)

    monkeypatch.setattr(pages, "retry_message", stop_at_the_third)
    drain_jobs()
    job.refresh_from_db()
    assert (job.state, job.cancelled_by, job.cancel_reason) == ("cancelled", boss, "Wrong list.")
    assert job.figures() == {"done": 3, "refused": 0, "failed": 0, "left": 2}
    make_due(job)
    drain_jobs()
    assert job.figures()["done"] == 3


def test_an_action_that_the_program_has_no_more_ends_the_job(make_job: Make) -> None:
    job = make_job()
    Job.objects.filter(pk=job.pk).update(action="of_yesterday")
    drain_jobs()
    job.refresh_from_db()
    assert (job.state, job.cancelled_by, job.figures()["left"]) == ("cancelled", None, 5)
    assert "of_yesterday" in job.cancel_reason


def test_what_the_time_did_not_allow_goes_on_at_the_same_place(make_job: Make, settings: Any) -> None:
    job = make_job()
    settings.DRAIN = {**settings.DRAIN, "budget": 0}
    drain_jobs()
    assert outcomes(job) == []
    runner = run.Runner(job)
    ends = iter([0.0, 0.0, 0.0, 9.0, 9.0])
    run_clock = lambda: next(ends, 9.0)  # noqa: E731
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "monotonic", run_clock)
        runner.run_until(5.0)
    begun = len(outcomes(job))
    assert 0 < begun < 5
    settings.DRAIN = {**settings.DRAIN, "budget": 20}
    drain_jobs()
    assert (Job.objects.get().state, len(outcomes(job)), MessageEvent.objects.count()) == ("done", 5, 5)
