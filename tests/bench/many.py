"""Ten thousand documents by one action of the admin, over HTTP as a browser does it, with a person's double click."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.timezone import now

from config.jobs.run import run_due_jobs
from config.models import Job
from smartbill.models import Document, DocumentEvent, Issuer
from smartbill.services.send import queue_submission
from tests.bench.sessions import session_of
from tests.bench.stock import issuer_with_keys, stock
from tests.bench.table import Line, middle
from tests.bench.web import gunicorn
from tests.factories.people import make_staff

LIST = "/admin/smartbill/document/"
PATIENCE = 60
"""Seconds that a person waits for a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    rounds: int
    documents: int
    naive_documents: int


FULL = Size(rounds=5, documents=10_000, naive_documents=1_000)
SHORT = Size(rounds=3, documents=2_000, naive_documents=100)


@dataclass(slots=True)
class Clicks:
    """The seconds of the request that asked and of the one that was confirmed."""

    question: float
    answer: float


def measure(*, short: bool) -> list[Line]:
    """Choose all and confirm twice at once, beside the same one by one; return one line."""
    size = SHORT if short else FULL
    clerk = make_staff("smartbill.view_document", "smartbill.submit_document")
    issuer = issuer_with_keys()
    clicks, naive = [], []
    with ExitStack() as stack:
        port, _pid = stack.enter_context(gunicorn("config.wsgi:application", ready="/healthz"))
        browser = stack.enter_context(_signed_in(clerk))
        for _round in range(size.rounds):
            keys = stock(issuer, size.documents)
            clicks.append(_send_all(f"http://127.0.0.1:{port}{LIST}", browser))
            _check(keys, clerk)
            naive.append(_send_one_by_one(issuer, clerk, size))
    return [_line(clicks, naive, size, short)]


@contextmanager
def _signed_in(clerk: User) -> Iterator[requests.Session]:
    with requests.Session() as browser:
        browser.cookies.set(settings.SESSION_COOKIE_NAME, session_of(clerk))
        yield browser


def _send_all(address: str, browser: requests.Session) -> Clicks:
    """Ask about every waiting document, and confirm twice at the same moment."""
    page = browser.get(f"{address}?status__exact=ready&o=-1", timeout=PATIENCE).text
    csrf = {"csrfmiddlewaretoken": _value(page, "csrfmiddlewaretoken")}
    chosen = {
        "action": "send",
        "index": "0",
        "select_across": "1",
        "_selected_action": _value(page, "_selected_action"),
    }
    began = time.perf_counter()
    question = browser.post(f"{address}?status__exact=ready", csrf | chosen, timeout=PATIENCE)
    asked = time.perf_counter() - began
    names = ("csrfmiddlewaretoken", "action", "_selected_action", "_confirmed")
    form = {name: _value(question.text, name) for name in names}
    with ThreadPoolExecutor(2) as hands:
        clicks = [hands.submit(_confirm, address, form, browser.cookies.get_dict()) for _click in range(2)]
    return Clicks(asked, max(click.result() for click in clicks))


def _confirm(address: str, form: dict[str, str], cookies: dict[str, str]) -> float:
    began = time.perf_counter()
    done = requests.post(address, form, cookies=cookies, timeout=PATIENCE, allow_redirects=False)
    seconds = time.perf_counter() - began
    assert done.status_code == 302, done.text[:500]
    return seconds


def _value(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"the page has no field {name}"
    return found[1]


def _check(keys: list[int], clerk: User) -> None:
    """One job for exactly these; a worker makes each due, with one event in the person's name."""
    job = Job.objects.get(state=Job.State.RUNNING)
    chosen = [key for batch in job.batches.values_list("keys", flat=True) for key in batch]
    assert (sorted(chosen), job.actor) == (sorted(keys), clerk)
    while Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).exists():
        run_due_jobs()
    assert job.rows.filter(outcome="done").count() == len(keys)
    assert Document.objects.filter(pk__in=keys).due(now()).count() == len(keys)
    events = DocumentEvent.objects.filter(document__in=keys, actor=clerk)
    assert events.values("document").distinct().count() == events.count() == len(keys)
    # Out of the way of the next round.
    Document.objects.filter(pk__in=keys).update(status="held", next_at=None)


def _send_one_by_one(issuer: Issuer, clerk: User, size: Size) -> float:
    """Do what the action would do for each row by itself; return the seconds that the whole choice would take."""
    documents = list(Document.objects.filter(pk__in=stock(issuer, size.naive_documents)))
    began = time.perf_counter()
    for document in documents:
        queue_submission(document, actor=clerk)
    seconds = time.perf_counter() - began
    Document.objects.filter(pk__in=[document.pk for document in documents]).update(status="held", next_at=None)
    return seconds * size.documents / size.naive_documents


def _line(clicks: list[Clicks], naive: list[float], size: Size, short: bool) -> Line:
    assert Job.objects.exclude(state=Job.State.ASKED).count() == size.rounds, "a double click was taken for two"
    answers, questions = middle([each.answer for each in clicks]), middle([each.question for each in clicks])
    where = f"over HTTP, the slower of two clicks at once, {size.rounds} rounds, median; one job each round"
    if not short:
        return Line(
            what=f"the request that queues {size.documents:,} documents",
            unit=" s",
            goal=1,
            at_most=True,
            value=answers,
            bound=1,
            naive=middle(naive),
            naive_is=f"row by row (from {size.naive_documents:,})",
            conditions=where,
            detail=f"the question before it {questions:.2f} s",
        )
    return Line(
        what=f"row by row ÷ the request that queues {size.documents:,} documents",
        unit=" ×",
        goal=10,
        value=middle([slow / each.answer for slow, each in zip(naive, clicks, strict=True)]),
        bound=5,
        naive_is="row by row",
        conditions=where,
        detail=f"{answers:.2f} s; the question before it {questions:.2f} s",
    )
