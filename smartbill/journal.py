"""A local file that remembers what the database may have missed: who was about to send, and what came back.

One file per process, locked for the life of its owner and fsynced per line. An unlocked file belongs to a dead
process: only then does the absence of a `sending` line prove that nothing left. The files hold fiscal data: mode
0600, on the encrypted volume of the data directory. Once every attempt in a file has its outcome it is put aside, and
kept for as long as a backup may be restored whose gap Stripe can still fill: then it tells what was sent meanwhile.

The key of an attempt is its number together with the name of its journal: after a restore numbers are given out anew.
"""

import base64
import errno
import fcntl
import json
import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from smartbill.providers.base import Exchange

SUFFIX = ".jsonl"
SWEEPER = "sweeper.lock"
BEGUN = re.compile(rb'\{"attempt": (?P<attempt>\d+), "line": ')
"""How every line of an attempt begins, so that one that was cut short is known as well."""
KEPT_FOR = 45 * 24 * 60 * 60
"""Seconds. Stripe lists its events for 30 days; what is older cannot be caught up, and a restore is by hand."""

Trace = Mapping[str, str]
"""What was sent, for a database that has forgotten it: issuer, operation, route, source, purpose, reference, sha256."""


def directory() -> Path:
    """Return the folder of the journals, made on first use."""
    path = Path(settings.DATA_DIR) / "journal"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


class Journal:
    """The journal of this process. Safe to write from several threads."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self.unrecorded: dict[int, Exchange] = {}
        """Answers that the database has not taken yet."""
        self.sent: set[int] = set()
        """Attempts whose first byte may have left, for the life of the process: whatever a database says that forgot
        their answers, they were begun."""
        self._writing, self._syncing = threading.Lock(), threading.Lock()
        self._written = self._synced = self._refused = 0
        final = directory() / (self.name + SUFFIX)
        newborn = final.with_suffix(".new")
        self._fd = os.open(newborn, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        # Locked before it gets its name, so that nobody can take a newborn journal for an orphan.
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Says that the file is whole from its beginning, and the same that its owner opened.
        self._append({"line": "owner", "inode": os.fstat(self._fd).st_ino, "at": time.time()})
        newborn.rename(final)

    def sending(self, attempt_id: int, trace: Trace | None = None) -> None:
        """Note that the first byte of this attempt may leave from now on."""
        self.sent.add(attempt_id)
        self._append({"attempt": attempt_id, "line": "sending", "at": time.time(), **(trace or {})})

    def answer(self, attempt_id: int, exchange: Exchange) -> None:
        """Note what came back, before any database hears of it."""
        try:
            self._append({"attempt": attempt_id, "line": "answer", "exchange": pack(exchange)})
        finally:
            # A full disk must not lose an answer that we have: the database may still take it.
            self.unrecorded[attempt_id] = exchange

    def not_begun(self, attempt_id: int, why: str, *, held_back: bool = True) -> None:
        """Note in memory that a call was not begun. The file needs no line: it has none of a sending either.

        What was only held back is due again at once; where this host cannot send, it is not.
        """
        self.unrecorded[attempt_id] = Exchange(written=False, held_back=held_back, failure=why)

    def forget(self, attempt_id: int) -> None:
        """Drop the answer that the database has taken; the file keeps it."""
        self.unrecorded.pop(attempt_id, None)

    def close(self) -> None:
        os.close(self._fd)

    def _append(self, line: dict[str, Any]) -> None:
        # The break in front keeps a line whole after one that a full disk cut short: a lost `sending` would be taken
        # for the proof that nothing left.
        whole = b"\n" + json.dumps(line).encode() + b"\n"
        with self._writing:
            if os.write(self._fd, whole) != len(whole):
                raise OSError(errno.ENOSPC, "the journal took only a part of a line")
            self._written += 1
            mine = self._written
        self._sync(mine)

    def _sync(self, mine: int) -> None:
        """Return once this line is on the disk. Whoever comes first syncs for all that have written by then.

        A sync that failed may have dropped any of them, and the next one would not tell: all of them are refused.
        """
        with self._syncing:
            if mine <= self._refused:
                raise OSError(errno.EIO, "the journal could not be brought to the disk")
            if mine <= self._synced:
                return
            upto = self._written
            try:
                os.fsync(self._fd)
            except OSError:
                # Lines that were written while it failed may have been on the pages that it dropped.
                self._refused = self._written
                raise
            self._synced = upto


@dataclass(slots=True)
class Orphan:
    """The journal of a dead process, locked by us while we read it."""

    path: Path
    fd: int
    sending: set[int] = field(default_factory=set)
    answers: dict[int, Exchange] = field(default_factory=dict)
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    """The `sending` lines by attempt."""
    is_whole: bool = False
    """Whether it is the file that its owner opened, with its first line and without an unreadable one: only then does
    the absence of a line prove anything."""

    @property
    def name(self) -> str:
        return self.path.stem

    def put_aside(self) -> None:
        """Keep the file apart from those that are worked on; call only when every attempt in it has its outcome."""
        if self.sending:
            self.path.rename(kept_directory() / self.path.name)
        else:
            self.path.unlink(missing_ok=True)


def kept_directory() -> Path:
    """Return the folder of the journals that have been worked off, made on first use."""
    path = directory() / "kept"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def kept() -> Iterator[Orphan]:
    """Yield the journals that were put aside, the oldest first."""
    for path in sorted(kept_directory().glob("*" + SUFFIX), key=lambda each: each.stat().st_mtime):
        yield _read(Orphan(path=path, fd=-1))


def remove_old_journals() -> None:
    """Remove what was put aside longer ago than any backup may be restored for."""
    for path in kept_directory().glob("*" + SUFFIX):
        if time.time() - path.stat().st_mtime > KEPT_FOR:
            path.unlink(missing_ok=True)


def answers_in(name: str, attempt_ids: Collection[int]) -> dict[int, Exchange]:
    """Return what the journal of a worker of this host says was answered, whether its owner lives or not."""
    found: dict[int, Exchange] = {}
    try:
        with (directory() / (name + SUFFIX)).open("rb") as lines:
            for raw in lines:
                begun = BEGUN.match(raw)
                if begun and int(begun["attempt"]) in attempt_ids and (exchange := _answer_of(raw)) is not None:
                    found[int(begun["attempt"])] = exchange
    except FileNotFoundError:
        return {}
    return found


def owners_at_work() -> list[str]:
    """Return the names of the journals whose processes live; they may be sending."""
    with only_sweeper():
        dead = {orphan.name for orphan in orphans()}
    return [path.stem for path in sorted(directory().glob("*" + SUFFIX)) if path.stem not in dead]


@contextmanager
def only_sweeper() -> Iterator[None]:
    """Wait until no other process of this host reads the journals of the dead: while it does, they look alive."""
    fd = os.open(directory() / SWEEPER, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def orphans() -> Iterator[Orphan]:
    """Yield the journals whose owners are dead; each is unlocked again after its turn."""
    for path in sorted(directory().glob("*" + SUFFIX)):
        try:
            fd = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            continue
        try:
            yield _read(Orphan(path=path, fd=fd))
        finally:
            os.close(fd)


def _read(orphan: Orphan) -> Orphan:
    first, damaged = False, False
    for raw in orphan.path.read_bytes().split(b"\n"):
        begun = BEGUN.match(raw)
        try:
            line: dict[str, Any] = json.loads(raw) if raw else {"line": ""}
        except ValueError:
            # Cut short by a kill or a full disk. Its answer was not journalled: that ends in doubt.
            line = {"line": "unreadable"}
            damaged = damaged or begun is None
        if begun:
            orphan.sending.add(int(begun["attempt"]))
        if line["line"] == "owner":
            first = line["inode"] == orphan.path.stat().st_ino
        elif line["line"] == "sending":
            orphan.lines[line["attempt"]] = line
        elif line["line"] == "answer" and (exchange := _answer_of(raw)) is not None:
            orphan.answers[line["attempt"]] = exchange
    orphan.is_whole = first and not damaged
    return orphan


def _answer_of(raw: bytes) -> Exchange | None:
    """Return the answer of a line, or None: another line, a line cut short, or one that another release wrote."""
    try:
        line = json.loads(raw)
        return unpack(line["exchange"]) if line["line"] == "answer" else None
    except (ValueError, TypeError, KeyError):
        return None


def pack(exchange: Exchange) -> dict[str, Any]:
    """Return an exchange as plain values."""
    return {
        "written": exchange.written,
        "unreachable": exchange.unreachable,
        "held_back": exchange.held_back,
        "status": exchange.status,
        "body": base64.b64encode(exchange.body).decode(),
        "content_type": exchange.content_type,
        "retry_after": exchange.retry_after,
        "failure": exchange.failure,
    }


def unpack(packed: Mapping[str, Any]) -> Exchange:
    """Rebuild what `pack` made."""
    return Exchange(**{**packed, "body": base64.b64decode(packed["body"])})


_own: tuple[int, Journal] | None = None


def own_journal() -> Journal:
    """Return this process's journal, opened on first use (and anew after a fork)."""
    global _own
    if _own is None or _own[0] != os.getpid():
        _own = (os.getpid(), Journal())
    return _own[1]
