"""The desk and the list of documents with a million rows, beside the same with a thousand and the stock admin."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connections

from config.models import Export
from smartbill.models import Document, Issuer
from smartbill.services.tally_days import tally_days
from tests.bench.costs import Watch
from tests.bench.fill import RARE, fill
from tests.bench.sessions import session_of
from tests.bench.stock import issuer_with_keys
from tests.bench.table import Line, middle, percentile
from tests.bench.web import gunicorn
from tests.factories.people import make_staff

LIST = "/admin/smartbill/document/"
PATIENCE = 600
FIRST, RARE_WORD, LAST = "", f"?q={RARE}", "?end=1"
OTHERS = {
    "a state": "?status__exact=contingency",
    "an order": "?o=5",
    "an id": "?q=in_0000000500",
    "the problems": "?problem=contingency",
}
PATHS = [LIST + query for query in (FIRST, RARE_WORD, LAST, *OTHERS.values())] + ["/admin/"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    documents: int
    rounds: int
    naive_rounds: int
    naive_lines: int


FULL = Size(documents=1_000_000, rounds=40, naive_rounds=7, naive_lines=200_000)
SHORT = Size(documents=200_000, rounds=15, naive_rounds=3, naive_lines=100_000)
FEW = 1_000
Times = Mapping[str, Mapping[str, Sequence[float]]]


def measure(*, short: bool) -> list[Line]:
    """Fill two databases, open the same pages of both in turn, export everything; return the lines."""
    size = SHORT if short else FULL
    browser = _prepare(size)
    with ExitStack() as stack:
        servers = {
            "many": stack.enter_context(_house(os.environ["DATABASE_URL"])),
            "few": stack.enter_context(_house(os.environ["BENCH_CONTROL_URL"])),
            "stock": stack.enter_context(_stock(os.environ["DATABASE_URL"])),
            "stock few": stack.enter_context(_stock(os.environ["BENCH_CONTROL_URL"])),
        }
        ports = {name: port for name, (port, _pid) in servers.items()}
        times = _open_in_turn(browser, ports, size)
        memory = {kind: _export(browser, *servers["many"], kind, size) for kind in ("csv", "xlsx")}
        naive_memory = _export_naively(browser, *servers["stock"], size)
    _check_exports(size)
    return _lines(times, memory, naive_memory, size, short)


def _prepare(size: Size) -> requests.Session:
    """Fill both databases with an issuer and its documents, and sign one person in at both."""
    issuer = issuer_with_keys()
    clerk = make_staff(is_superuser=True)
    kept = Session.objects.get(session_key=session_of(clerk))
    for model, key in ((Issuer, issuer.pk), (User, clerk.pk)):
        model._default_manager.get(pk=key).save(using="control", force_insert=True)
    kept.save(using="control", force_insert=True)
    fill("default", issuer, size.documents)
    fill("control", issuer, FEW)
    tally_days()
    browser = requests.Session()
    browser.cookies.set(settings.SESSION_COOKIE_NAME, kept.session_key)
    return browser


@contextmanager
def _house(database: str) -> Iterator[tuple[int, int]]:
    with gunicorn("config.wsgi:application", ready="/healthz", env={"DATABASE_URL": database}) as server:
        yield server


@contextmanager
def _stock(database: str) -> Iterator[tuple[int, int]]:
    env = {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.bench.stock_settings"}
    with gunicorn("config.wsgi:application", ready="/healthz", env=env) as server:
        yield server


def _open_in_turn(browser: requests.Session, ports: Mapping[str, int], size: Size) -> Times:
    """Open each page of each server, one after the other in every round, after two rounds that do not count."""
    times: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for number in range(size.rounds + 2):
        for path in PATHS:
            for name in ("few", "many"):
                seconds = _open(browser, ports[name], path)
                if number >= 2:
                    times[name][path].append(seconds)
    for number in range(size.naive_rounds + 1):
        for path in (LIST, LIST + RARE_WORD):
            for name in ("stock few", "stock"):
                seconds = _open(browser, ports[name], path)
                if number:
                    times[name][path].append(seconds)
    return times


def _open(browser: requests.Session, port: int, path: str) -> float:
    began = time.perf_counter()
    page = browser.get(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE, allow_redirects=False)
    seconds = time.perf_counter() - began
    assert page.status_code == 200, (path, page.status_code)
    if path == LIST + RARE_WORD:
        assert page.text.count(RARE) >= 3, "the rare word was not found"
    return seconds


def _export(browser: requests.Session, port: int, pid: int, kind: str, size: Size) -> tuple[float, float]:
    """Export everything; return by how many MB the server grew, and lines a second."""
    page = browser.get(f"http://127.0.0.1:{port}{LIST}", timeout=PATIENCE).text
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    with Watch(pid) as before:
        time.sleep(1.5)
    began = time.perf_counter()
    with Watch(pid) as watch:
        form = {"csrfmiddlewaretoken": token, "format": kind}
        with browser.post(f"http://127.0.0.1:{port}{LIST}export/", form, stream=True, timeout=PATIENCE) as answer:
            assert answer.status_code == 200, answer.text[:300]
            lines = sum(part.count(b"\r\n") for part in answer.iter_content(1 << 20))
    if kind == "csv":
        assert lines == size.documents + 1, lines
    return watch.most - before.most, size.documents / (time.perf_counter() - began)


def _export_naively(browser: requests.Session, port: int, pid: int, size: Size) -> float:
    with Watch(pid) as before:
        time.sleep(1.5)
    with Watch(pid) as watch:
        browser.get(f"http://127.0.0.1:{port}/export?most={size.naive_lines}", timeout=PATIENCE).raise_for_status()
    return watch.most - before.most


def _check_exports(size: Size) -> None:
    whole = Export.objects.exclude(finished_at=None).order_by("format").values_list("format", "rows")
    assert list(whole) == [("csv", size.documents), ("xlsx", size.documents)], list(whole)


def _offset_ratio(documents: int) -> float:
    """Return what the last page costs by OFFSET against the first, of the query alone."""
    connections["default"].close()
    rows = Document.objects.order_by("-created_at", "-id")

    def seconds(start: int) -> float:
        began = time.perf_counter()
        assert len(rows[start : start + 100]) == 100
        return time.perf_counter() - began

    seconds(0)
    return middle([seconds(documents - 100) for _each in range(5)]) / middle([seconds(0) for _each in range(5)])


def _lines(
    times: Times, memory: Mapping[str, tuple[float, float]], naive_memory: float, size: Size, short: bool
) -> list[Line]:
    many, few, stock, stock_few = (times[name] for name in ("many", "few", "stock", "stock few"))
    where = f"{size.documents:,} ÷ {FEW:,} documents, over HTTP, {size.rounds} rounds in turn"

    def p95(found: Mapping[str, Sequence[float]], path: str) -> float:
        return percentile(found[path], 0.95)

    def ratio(path: str) -> float:
        return middle(many[path]) / middle(few[path])

    word = LIST + RARE_WORD
    slowest = max([LIST + query for query in OTHERS.values()] + ["/admin/"], key=ratio)
    return [
        Line(
            what="list of documents: p95 with many ÷ p95 with few",
            unit=" ×",
            goal=1.2,
            at_most=True,
            value=p95(many, LIST) / p95(few, LIST),
            bound=1.8 if short else 1.2,
            naive=middle(stock[LIST]) / middle(stock_few[LIST]),
            naive_is="Django's own admin, median",
            conditions=where,
            detail=f"p95 {1000 * p95(many, LIST):.0f} ms, median {1000 * middle(many[LIST]):.0f} ms",
        ),
        Line(
            what=f"Django's own admin ÷ the list of documents, {'median' if short else 'p95'}, both with many",
            unit=" ×",
            goal=20,
            # On a busy machine a few late answers are all of the p95: the short version compares medians.
            value=middle(stock[LIST]) / middle(many[LIST]) if short else p95(stock, LIST) / p95(many, LIST),
            bound=1.3 if short else 20,
            naive_is="Django's own admin",
            conditions=where,
            detail=f"{1000 * p95(stock, LIST):,.0f} ms, {size.naive_rounds} rounds",
        ),
        Line(
            what="search for a part of a rare name: with many ÷ with few",
            unit=" ×",
            goal=1.5,
            at_most=True,
            value=ratio(word),
            bound=2 if short else 1.5,
            naive=middle(stock[word]) / middle(stock_few[word]),
            naive_is="Django's own admin",
            conditions=f"{where}, median",
            detail=f"{1000 * middle(many[word]):.0f} ms",
        ),
        Line(
            what="last page of the list ÷ its first",
            unit=" ×",
            goal=1.2,
            at_most=True,
            value=middle(many[LIST + LAST]) / middle(many[LIST]),
            bound=1.5 if short else 1.2,
            naive=_offset_ratio(size.documents),
            naive_is="by OFFSET, the query alone",
            conditions=f"{size.documents:,} documents, {size.rounds} rounds, median",
        ),
        Line(
            what="desk, state, order, id and card of the list, the slowest: with many ÷ with few",
            unit=" ×",
            goal=1.5,
            at_most=True,
            value=ratio(slowest),
            bound=2 if short else 1.5,
            naive=middle(stock[LIST]) / middle(stock_few[LIST]),
            naive_is="Django's own admin, its first page",
            conditions=f"{where}, median",
            detail=f"{slowest}: {1000 * middle(many[slowest]):.0f} ms",
        ),
        *(
            Line(
                what=f"memory that the export of {size.documents:,} lines as {kind.upper()} takes",
                unit=" MB",
                goal=32,
                at_most=True,
                value=grown,
                bound=32,
                naive=naive_memory,
                naive_is=f"{size.naive_lines:,} lines from objects, made in memory",
                conditions="PSS of the web server above what it had idle",
                detail=f"{rate:,.0f} lines a second",
            )
            for kind, (grown, rate) in memory.items()
        ),
    ]
