"""The record outside of the database of what was sent last: what a restored database contradicts.

One small file per host, or one for all hosts where `SELLO_SENT_RECORD` names a path that they share. It is written in
place, two slots by turns, each with its checksum: a write cut short leaves the other slot. It names its own inode, so
that a copy which came back with a backup is known for a copy and not believed.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from secrets import token_hex
from zlib import crc32

from django.conf import settings

SLOT = 512
"""Bytes: one sector, which a disk writes whole."""
NAME = "sent.record"
FRESH = 60
"""Seconds after which the time of the last agreement is written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`attempt` and `worker` name the newest attempt that was committed before its first byte left.

    `at` is when the record was last known to agree with the database, in seconds of the wall clock.
    """

    host: str
    generation: str
    attempt: int = 0
    worker: str = ""
    at: int = 0
    turn: int = 0
    inode: int = 0


def path() -> Path:
    """Return where the record is kept."""
    return Path(settings.SELLO_SENT_RECORD or Path(settings.DATA_DIR) / NAME)


def read() -> Record | None:
    """Return the record; None when there is none that can be believed (no file, unreadable, or a copy)."""
    try:
        fd = os.open(path(), os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        return _newest(fd)
    finally:
        os.close(fd)


def begin(*, generation: str, attempt: int = 0, worker: str = "") -> Record:
    """Write the record of a host that agrees with the database from now on; it keeps its token if it had one."""
    with _locked() as fd:
        old = _newest(fd)
        fresh = Record(
            host=old.host if old else token_hex(16),
            generation=generation,
            attempt=attempt,
            worker=worker,
            turn=old.turn if old else 0,
        )
        return _write(fd, fresh)


def advance(*, attempt: int, worker: str) -> None:
    """Note on disk that this attempt may leave from now on; raises OSError, and then it must not leave."""
    with _locked() as fd:
        old = _newest(fd)
        if old is None:
            raise OSError(f"the record of what was sent has gone from {path()}")
        if attempt > old.attempt:
            _write(fd, replace(old, attempt=attempt, worker=worker))


def renew(*, attempt: int, worker: str) -> None:
    """Note that the record agreed with the database just now, whose newest attempt this is; on disk once a minute."""
    with _locked() as fd:
        old = _newest(fd)
        if old is not None and (attempt > old.attempt or time.time() - old.at > FRESH):
            newer = replace(old, attempt=attempt, worker=worker) if attempt > old.attempt else old
            _write(fd, newer)


def _newest(fd: int) -> Record | None:
    slots = [_parsed(os.pread(fd, SLOT, offset)) for offset in (0, SLOT)]
    whole = [slot for slot in slots if slot is not None and slot.inode == os.fstat(fd).st_ino]
    return max(whole, key=lambda record: record.turn, default=None)


def _parsed(raw: bytes) -> Record | None:
    checksum, _space, text = raw.rstrip(b" \0").partition(b" ")
    if not text or checksum != _checksum(text):
        return None
    return Record(**json.loads(text))


def _checksum(text: bytes) -> bytes:
    return b"%08x" % crc32(text)


def _write(fd: int, record: Record) -> Record:
    written = replace(record, turn=record.turn + 1, at=int(time.time()), inode=os.fstat(fd).st_ino)
    text = json.dumps(asdict(written)).encode()
    os.pwrite(fd, (_checksum(text) + b" " + text).ljust(SLOT), written.turn % 2 * SLOT)
    os.fsync(fd)
    return written


@contextmanager
def _locked() -> Iterator[int]:
    fd = os.open(path(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd
    finally:
        os.close(fd)
