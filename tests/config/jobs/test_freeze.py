"""A choice is frozen in batches of keys, once, and begins once."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db.models import Q
from pytest_django import DjangoAssertNumQueries

from config.jobs import freeze
from config.models import Job, JobBatch
from notifications.models import Message, MessageEvent
from tests.factories.notifications import MessageFactory
from tests.factories.people import make_staff

pytestmark = pytest.mark.django_db


def test_the_keys_are_kept_in_their_order_and_in_batches(make_job: Callable[..., Job], rows: list[Message]) -> None:
    job = make_job(queryset=Message.objects.order_by("-id"))
    keys = [row.pk for row in rows]
    assert list(job.batches.values_list("first", "keys")) == [(0, keys[:2]), (2, keys[2:4]), (4, keys[4:])]
    assert (job.total, job.state, job.reason) == (5, "running", "The provider works again.")
    assert freeze.first_keys(job, 3) == keys[:3]


def test_a_row_that_a_search_finds_twice_is_there_once(make_job: Callable[..., Job], rows: list[Message]) -> None:
    for name in ("queued", "failed"):
        MessageEvent.objects.create(message=rows[0], name=name)
    job = make_job(queryset=Message.objects.filter(Q(events__name="queued") | Q(events__name="failed")))
    assert freeze.first_keys(job, 10) == [rows[0].pk]


def test_it_begins_once(make_job: Callable[..., Job]) -> None:
    job = make_job()
    assert not freeze.start_job(job, fields={"reason": "Another one."})
    job.refresh_from_db()
    assert job.reason == "The provider works again."


def test_what_a_worker_would_not_get_as_it_was_typed_is_refused(make_job: Callable[..., Job]) -> None:
    with pytest.raises(TypeError):
        make_job(day=date(2026, 11, 22))
    assert Job.objects.get().state == "asked"


def test_a_question_that_nobody_answers_is_cleared_away(rows: list[Message]) -> None:
    old = freeze.freeze_choice(
        page="notifications.message", action="cancel", actor=make_staff(), queryset=Message.objects.all(), summary=[]
    )
    Job.objects.filter(pk=old.pk).update(asked_at=datetime(2026, 1, 1, tzinfo=UTC))
    freeze.freeze_choice(
        page="notifications.message", action="cancel", actor=make_staff(), queryset=Message.objects.all(), summary=[]
    )
    assert not Job.objects.filter(pk=old.pk).exists()
    assert JobBatch.objects.count() == 3


def test_many_rows_cost_few_statements(
    django_assert_max_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze, "BATCH", 200)
    MessageFactory.create_batch(60, status="failed")
    person = make_staff()
    with django_assert_max_num_queries(8):
        job = freeze.freeze_choice(
            page="notifications.message", action="cancel", actor=person, queryset=Message.objects.all(), summary=[]
        )
    assert (job.total, job.batches.count()) == (60, 1)
