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


class Worker:
    """A process that lives from one task to the next: its journal is locked meanwhile, and an orphan's once it died."""

    def __init__(self) -> None:
        self._own: tuple[int, journal.Journal] | None = None
        self._at_start: dict[int, tuple[str, int | None]] = {}
        self._hangs = False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Be this process for as long; one that hangs is ended first, and a new one takes its place."""
        if self._hangs:
            self.die()
        with (
            mock.patch.object(journal, "_own", self._own),
            mock.patch.object(guard, "at_start", self._at_start),
        ):
            journal.own_journal()
            self._own = journal._own
            yield

    def drain(self, *, die_at: str = "", turn: int = 1, hangs: bool = False) -> bool:
        """Send what is due; return whether it died on the way, or hangs, at this point for the nth time."""
        with self.at_work(), dying_at(die_at, turn):
            try:
                submit_all()
            except Died:
                if hangs:
                    self._hangs = True
                else:
                    self.die()
                return True
        return False

    def die(self) -> None:
        """End as a kill does: whoever works on is a new process."""
        if self._own is not None:
            self._own[1].close()
        self._own, self._at_start, self._hangs = None, {}, False


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
