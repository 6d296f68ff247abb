"""A worker in this process: the engine's own code, which can be made to die at every named point of the protocol."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Self
from unittest import mock

from django.db import transaction

from smartbill import journal
from smartbill.providers import transport
from smartbill.services import claim, guard, record, record_stamped, submit
from tests.flows.engine import submit_all

POINTS = ["before_claim", "after_claim", "pause_before_send", "after_send", "after_answer", "after_journal"]
POINTS += ["before_commit", "after_commit"]
MODULES = [claim, record, record_stamped, submit, transport]


class Died(BaseException):
    """What a kill looks like from within: nothing below may catch it."""


class Inline:
    """In place of the pool of threads: each call is made where it is submitted, so that a death ends the drain."""

    def __init__(self, max_workers: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def submit(self, call: Callable[..., None], *arguments: Any) -> "Future[None]":
        future: Future[None] = Future()
        call(*arguments)
        future.set_result(None)
        return future


def drain(*, die_at: str = "", turn: int = 1) -> bool:
    """Let a new worker process send what is due; return whether it died on the way, at this point for the nth time."""
    with process(), dying_at(die_at, turn):
        try:
            submit_all()
        except Died:
            return True
    return False


@contextmanager
def process() -> Iterator[None]:
    """A process of its own: its journal is locked while it lives, and an orphan's afterwards."""
    guard.at_start.clear()
    with mock.patch.object(journal, "_own", None):
        own = journal.own_journal()
        try:
            yield
        finally:
            own.close()


@contextmanager
def dying_at(point: str, turn: int) -> Iterator[None]:
    """Die when the point is reached for the nth time."""
    left = [turn]

    def reach(reached: str) -> None:
        if reached == point:
            left[0] -= 1
            if left[0] == 0:
                raise Died(point)

    with (
        mock.patch.multiple(submit, ThreadPoolExecutor=Inline, ROUND=0.0),
        mock.patch.object(os, "fsync"),  # nothing here outlives the machine, and the disk is shared
    ):
        patches = [mock.patch.object(module, "reach", reach) for module in MODULES]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()
            assert not transaction.get_connection().in_atomic_block
