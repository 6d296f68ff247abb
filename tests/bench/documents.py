"""Documents per second against a provider that takes a second, and what the same costs with one task per document."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import requests
from django.db.models import Count, Max, Min
from django.utils.timezone import now
from django_q.models import OrmQ
from django_q.tasks import async_task

from smartbill.lifecycle import Outcome, Status
from smartbill.models import Attempt, Document, Issuer
from tests.bench.costs import Watch
from tests.bench.stage import ROOT
from tests.bench.stock import issuer_with_keys, stock
from tests.bench.table import Line, middle
from tests.bench.web import running
from tests.faults.processes import free_port, wait_until

LATENCY = 1.0
NAIVE_WORKERS = 4
WHERE = "remote of {latency:g} s over HTTP, {waves} documents per place in flight, {rounds} rounds in turn, median"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Places in flight that are measured; each is filled `waves` times over, a naive worker `naive_waves` times."""

    rounds: int
    in_flight: tuple[int, ...]
    waves: int
    naive_waves: int


FULL = Size(rounds=5, in_flight=(8, 32, 64), waves=12, naive_waves=8)
SHORT = Size(rounds=3, in_flight=(8,), waves=5, naive_waves=4)


@dataclass(slots=True)
class Measured:
    rates: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    naive: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    naive_memory: list[float] = field(default_factory=list)
    naive_processes: int = 0
    resident: float = 0
    naive_resident: float = 0


def measure(*, short: bool) -> list[Line]:
    """Drain and send naively in turn, and return a line per number of places, one of the ratio, one of memory."""
    size = SHORT if short else FULL
    issuer = issuer_with_keys(in_flight=128)
    found = Measured()
    with ExitStack() as stack:
        remote = stack.enter_context(_remote())
        os.environ["SMARTBILL_SV_BASE_URL"] = f"{remote}/v1"
        engine = stack.enter_context(_engine())
        cluster = stack.enter_context(_naive_cluster())
        _drain(engine, issuer, 8, 1)
        for _round in range(size.rounds):
            for places in size.in_flight:
                with Watch(engine.pid) as watch:
                    found.rates[places].append(_drain(engine, issuer, places, size.waves))
            found.memory.append(watch.most)
            found.resident = watch.most_resident
            with Watch(cluster) as watch:
                found.naive.append(_send_naively(issuer, size.naive_waves * NAIVE_WORKERS))
            found.naive_memory.append(watch.most)
            found.naive_processes, found.naive_resident = watch.processes, watch.most_resident
        _check(remote, most=max(size.in_flight))
    return _lines(found, size, short)


@contextmanager
def _remote() -> Iterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    arguments = ["-m", "tests.bench.remote", str(port), str(LATENCY)]
    with running("remote", arguments, ready=f"{address}/state"):
        yield address


@contextmanager
def _engine() -> Iterator[subprocess.Popen[str]]:
    pipe, arguments = subprocess.PIPE, [sys.executable, "-m", "tests.bench.drain"]
    with subprocess.Popen(arguments, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _naive_cluster() -> Iterator[int]:
    address = os.environ["SMARTBILL_SV_BASE_URL"].removesuffix("/v1") + "/state"
    environment = {"DJANGO_SETTINGS_MODULE": "tests.bench.naive_settings"}
    with running("naive", ["manage.py", "qcluster"], ready=address, env=environment) as pid:
        yield pid


def _drain(engine: subprocess.Popen[str], issuer: Issuer, places: int, waves: int) -> float:
    """Let the engine send `waves` documents for each place in flight; return documents a second."""
    Issuer.objects.filter(pk=issuer.pk).update(in_flight=places)
    keys = stock(issuer, places * waves, next_at=now())
    assert engine.stdin is not None
    assert engine.stdout is not None
    left = Document.objects.filter(pk__in=keys, status=Status.READY)
    # A drain ends with its budget, and the bell rings the next one.
    while left.exists():
        engine.stdin.write(f"{issuer.pk}\n")
        engine.stdin.flush()
        assert engine.stdout.readline() == "done\n", "the engine ended"
    return _rate(keys)


def _send_naively(issuer: Issuer, number: int) -> float:
    Issuer.objects.filter(pk=issuer.pk).update(in_flight=128)
    keys = stock(issuer, number, next_at=now())
    for _key in keys:
        async_task("tests.bench.naive.send_one", issuer.pk, save=False)
    sent = Document.objects.filter(pk__in=keys, status=Status.STAMPED)
    wait_until("the naive tasks are done", lambda: sent.count() == number, seconds=60 + number)
    wait_until("their messages are gone", lambda: not OrmQ.objects.exists(), seconds=30)
    return _rate(keys)


def _rate(keys: list[int]) -> float:
    """Documents a second from the first claim to the last record; every one must be stamped, by one attempt."""
    attempts = Attempt.objects.filter(document__in=keys)
    seen = attempts.aggregate(first=Min("started_at"), last=Max("finished_at"), count=Count("pk"))
    stamped = attempts.filter(outcome=Outcome.ACCEPTED, document__status=Status.STAMPED).count()
    assert seen["count"] == stamped == len(keys), (seen, stamped, len(keys))
    return len(keys) / float((seen["last"] - seen["first"]).total_seconds())


def _check(remote: str, *, most: int) -> None:
    """The other side saw each document once, and never more calls at once than the account allows."""
    state = requests.get(f"{remote}/state", timeout=5).json()
    assert state["calls"] == state["documents"] == Document.objects.filter(status=Status.STAMPED).count(), state
    assert state["most_at_once"] <= most, state


def _lines(found: Measured, size: Size, short: bool) -> list[Line]:
    where = WHERE.format(latency=LATENCY, waves=size.waves, rounds=size.rounds)
    most = size.in_flight[-1]
    naive_rate = middle(found.naive)
    lines = [
        Line(
            what=f"documents per second with {places} in flight ÷ the {places / LATENCY:g} that are possible",
            goal=0.95,
            value=middle(rates) * LATENCY / places,
            bound=None if short else 0.95,
            naive=naive_rate * LATENCY / places,
            naive_is=f"a task per document, {NAIVE_WORKERS} workers",
            conditions=where,
            detail=f"{middle(rates):.1f} a second",
        )
        for places, rates in found.rates.items()
    ]
    ratios = [ours / naive for ours, naive in zip(found.rates[most], found.naive, strict=True)]
    shares = [ours / naive for ours, naive in zip(found.memory, found.naive_memory, strict=True)]
    lines.append(
        Line(
            what=f"documents per second against one task per document on {NAIVE_WORKERS} workers",
            unit=" ×",
            goal=8,
            value=middle(ratios),
            bound=1.5 if short else 8,
            naive_is="a task per document",
            conditions=f"{most} in flight; {where}",
            detail=f"{middle(found.rates[most]):.1f} against {naive_rate:.2f} a second",
        )
    )
    lines.append(
        Line(
            what="memory of the engine ÷ memory of one task per document",
            goal=1 / 3,
            at_most=True,
            value=middle(shares),
            bound=0.7 if short else 1 / 3,
            naive_is="a task per document",
            conditions=f"PSS: the process that drains against all {found.naive_processes} of the stock cluster",
            detail=f"{middle(found.memory):.0f} against {middle(found.naive_memory):.0f} MB; resident memory added up "
            f"{found.resident:.0f} against {found.naive_resident:.0f} MB",
        )
    )
    return lines
