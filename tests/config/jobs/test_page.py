"""The page of a job: how far it is, what was skipped and why, a table to take away, and stopping it."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from config.jobs import freeze, report
from config.models import Job
from config.tasks import drain_jobs
from notifications.models import Message
from tests.config.jobs.conftest import RIGHTS
from tests.factories.notifications import MessageFactory
from tests.factories.people import make_staff, open_session, signed_in

pytestmark = pytest.mark.django_db
Make = Callable[..., Job]
LIST = "/admin/config/job/"


def page_of(job: Job, query: str = "") -> str:
    return f"{LIST}{job.pk}/change/{query}"


def browser(person: Any) -> Client:
    return open_session(person)


def table(client: Client, job: Job, query: str = "") -> list[list[str]]:
    answer = client.get(f"{LIST}{job.pk}/rows.csv{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(text.splitlines()))


@pytest.fixture
def clerk() -> Any:
    return make_staff(*RIGHTS, "config.view_job")


def test_while_it_runs_the_page_comes_again_by_itself_and_can_be_held(make_job: Make, clerk: Any) -> None:
    job, client = make_job(actor=clerk), browser(clerk)
    page = client.get(page_of(job))
    assert page["Refresh"] == "3"
    assert "0 of 5 rows" in page.content.decode()
    assert "Refresh" not in client.get(page_of(job, "?still=1"))
    drain_jobs()
    page = client.get(page_of(job))
    assert "Refresh" not in page
    assert "5 of 5 rows" in page.content.decode()
    assert "<script" not in page.content.decode().split('<div id="content"')[-1]


def test_what_was_skipped_is_listed_by_reason_and_can_be_taken_away(
    make_job: Make, clerk: Any, rows: list[Message]
) -> None:
    Message.objects.filter(pk__in=[rows[0].pk, rows[1].pk]).update(status="sent")
    job, client = make_job(actor=clerk), browser(clerk)
    drain_jobs()
    page = client.get(page_of(job, "?outcome=refused"))
    why = "This cannot be done while the message is “Sent”."
    assert page.context["reasons"] == [(why, 2)]
    assert [line.label for line in page.context["lines"]] == [str(rows[0]), str(rows[1])]
    for row in Message.objects.filter(pk__in=[rows[0].pk, rows[1].pk]):
        assert row.recipient in page.content.decode()
    assert table(client, job, "?outcome=refused") == [
        ["Number", "Key", "Row", "Outcome", "Reason"],
        ["1", str(rows[0].pk), str(rows[0]), "refused", why],
        ["2", str(rows[1].pk), str(rows[1]), "refused", why],
    ]
    assert len(table(client, job)) == 6


def test_what_was_not_begun_when_it_was_cancelled_is_a_table_as_well(
    make_job: Make, clerk: Any, rows: list[Message]
) -> None:
    job, client = make_job(actor=clerk), browser(clerk)
    asked = client.post(LIST, {"action": "cancel", "index": "0", "_selected_action": [job.pk], "_page": "1"})
    answer = {"action": "cancel", "_selected_action": [job.pk], "_page": "1", "confirm-reason": "Wrong list."}
    done = client.post(LIST, {**answer, "_confirmed": asked.context["token"]}, follow=True)
    assert done.redirect_chain == [(page_of(job), 302)]
    assert [str(each) for each in done.context["messages"]][0].endswith(": cancelled; what was done stays done")
    assert "5 rows were not begun and are as they were." in done.content.decode()
    drain_jobs()
    assert set(Message.objects.values_list("status", flat=True)) == {"failed"}
    lines = table(client, job, "?outcome=left")
    assert lines[1] == ["1", str(rows[0].pk), str(rows[0]), "not begun", "Wrong list."]
    assert len(lines) == 6


def test_only_the_person_who_began_it_or_one_with_the_right_may_cancel(make_job: Make, clerk: Any) -> None:
    job = make_job(actor=clerk)
    other, boss = make_staff(*RIGHTS, "config.view_job"), make_staff(*RIGHTS, "config.view_job", "config.cancel_job")

    def offered(person: Any) -> list[str]:
        return [button.name for button in browser(person).get(page_of(job)).context["buttons"]]

    assert (offered(clerk), offered(boss), offered(other)) == (["cancel"], ["cancel"], [])
    client = browser(other)
    asked = client.post(LIST, {"action": "cancel", "index": "0", "_selected_action": [job.pk]})
    answer = {"action": "cancel", "_selected_action": [job.pk], "confirm-reason": "Mine now."}
    told = client.post(LIST, {**answer, "_confirmed": asked.context["token"]}, follow=True)
    assert "refused. You lack the permission config.cancel_job." in str(next(iter(told.context["messages"])))
    job.refresh_from_db()
    assert job.state == "running"


def test_jobs_on_rows_that_a_person_may_not_see_are_not_there(make_job: Make) -> None:
    job = make_job()
    stranger = signed_in("config.view_job", "smartbill.view_document")
    assert stranger.get(page_of(job)).status_code == 302
    assert stranger.get(f"{LIST}{job.pk}/rows.csv").status_code == 404
    assert signed_in(*RIGHTS).get(f"{LIST}{job.pk}/rows.csv").status_code == 403
    assert stranger.get(LIST).context["cl"].result_count == 0


def test_a_question_that_is_not_answered_is_no_job_yet(clerk: Any, rows: list[Message]) -> None:
    freeze.freeze_choice(
        page="notifications.message", action="cancel", actor=clerk, queryset=Message.objects.all(), summary=[]
    )
    assert browser(clerk).get(LIST).context["cl"].result_count == 0


@pytest.mark.parametrize("hostile", ["=HYPERLINK(1)", "+1", "-1", "@SUM", "\t=1", " =1"])
def test_the_table_holds_no_formula(make_job: Make, clerk: Any, rows: list[Message], hostile: str) -> None:
    Message.objects.filter(pk=rows[0].pk).update(template=hostile)
    job = make_job(actor=clerk)
    drain_jobs()
    cell = table(browser(clerk), job)[1][2]
    assert cell.startswith("'")


def test_hostile_text_is_shown_as_text(make_job: Make, clerk: Any, rows: list[Message]) -> None:
    Message.objects.filter(pk=rows[0].pk).update(template="<b>x</b>")
    job = make_job(actor=clerk)
    Job.objects.update(reason="<script>alert(1)</script>")
    drain_jobs()
    text = browser(clerk).get(page_of(job)).content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text


@pytest.mark.parametrize(
    "query", ["?outcome=x", "?after=9999999999999", "?after=-1", "?after=²", "?outcome=left&after=x"]
)
def test_what_is_typed_into_the_address_breaks_nothing(make_job: Make, clerk: Any, query: str) -> None:
    job = make_job(actor=clerk)
    assert browser(clerk).get(page_of(job, query)).status_code == 200
    assert browser(clerk).get(f"{LIST}{job.pk}/rows.csv?outcome=x").status_code == 404


def test_rows_are_read_page_by_page(make_job: Make, clerk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MOST_SHOWN", 2)
    job, client = make_job(actor=clerk), browser(clerk)
    drain_jobs()
    seen, query = [], "?still=1"
    while query:
        context = client.get(page_of(job, query)).context
        seen += [line.number for line in context["lines"]]
        query = f"?still=1&after={context['next_after']}" if context["next_after"] else ""
    assert seen == [1, 2, 3, 4, 5]


def test_the_page_costs_the_same_for_few_and_for_many_rows(
    make_job: Make, clerk: Any, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = browser(clerk)
    few = make_job(actor=clerk)
    drain_jobs()
    MessageFactory.create_batch(40, status="failed")
    many = make_job(actor=clerk)
    drain_jobs()
    for job in (few, many):
        with django_assert_max_num_queries(14):
            client.get(page_of(job))
