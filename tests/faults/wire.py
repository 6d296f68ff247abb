"""Speaks HTTP as raw bytes, because a library would not send what hostile callers send."""

import socket
import time
from dataclasses import dataclass

PATIENCE = 15.0
HUNG_UP, SILENT = 0, -1
"""Instead of a status: the server closed without an answer, or said nothing for as long as we waited."""


@dataclass(frozen=True)
class Answer:
    status: int
    seconds: float


class Wire:
    """One connection that is opened again whenever the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, request: bytes, *, alone: bool = False) -> Answer:
        """Send one request and return status and time; `alone` gives it a connection of its own that then ends."""
        if alone:
            self.close()
        started = time.perf_counter()
        try:
            status, goes_on = self._exchange(request, alone=alone)
        except TimeoutError:
            status, goes_on = SILENT, False
        except OSError:
            status, goes_on = HUNG_UP, False
        if not goes_on or alone:
            self.close()
        return Answer(status, time.perf_counter() - started)

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _exchange(self, request: bytes, *, alone: bool) -> tuple[int, bool]:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket.sendall(request)
            if alone:
                self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            # It may have answered and closed before it had read all: the answer is still there to be read.
            pass
        return self._answer(self.socket)

    @staticmethod
    def _answer(door: socket.socket) -> tuple[int, bool]:
        received = b""
        while b"\r\n\r\n" not in received:
            part = door.recv(65_536)
            if not part:
                return HUNG_UP, False
            received += part
        head, _end, body = received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        headers = dict(line.split(b":", 1) for line in lines[1:] if b":" in line)
        left = int(headers.get(b"content-length", b"0")) - len(body)
        while left > 0 and (part := door.recv(min(left, 65_536))):
            left -= len(part)
        goes_on = headers.get(b"connection", b"").strip() != b"close" and b"content-length" in headers
        return int(lines[0].split()[1]), goes_on
