"""The append-only truth log: one JSON line per fact, on disk before anybody is told, so that the oracle survives."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from smartbill.providers.el_salvador.sandbox import jsonio


class TruthLog:
    """A file of facts, or nothing at all when no path was given."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor: int | None = None

    def facts(self) -> Iterator[dict[str, Any]]:
        """Yield the facts on disk; a last line that a crash cut short is no fact."""
        for line in self._whole().splitlines():
            yield jsonio.loads(line)

    def _whole(self) -> bytes:
        if self._path is None or not self._path.exists():
            return b""
        stored = self._path.read_bytes()
        return stored[: stored.rfind(b"\n") + 1]

    def open(self) -> None:
        """Start appending, after the last whole line."""
        if self._path is None:
            return
        length = len(self._whole())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.ftruncate(self._descriptor, length)

    def append(self, fact: str, **content: Any) -> None:
        """Write one fact and wait until it is on disk."""
        if self._descriptor is not None:
            os.write(self._descriptor, jsonio.dumps({"fact": fact, **content}).encode() + b"\n")
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Stop appending."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
