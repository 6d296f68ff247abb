"""A load generator that costs little: one thread, raw sockets, each connection sends again once it is answered."""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


class Refused(Exception):
    """The server answered with something else than 200, so what was measured is not what was meant."""


@dataclass(slots=True)
class Run:
    """The times in seconds from the first byte sent to the answer's end, and how long the whole took."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds


class _Connection:
    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._open()
        self.began = 0.0
        self.answer = b""

    def _open(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, request: bytes) -> None:
        self.answer, self.began = b"", time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> bool:
        """Read what is there; True when the answer is whole."""
        part = self.socket.recv(65_536)
        if not part:
            raise Refused("the server hung up")
        self.answer += part
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return False
        if not _is_whole(head.lower(), body):
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise Refused(self.answer[:500].decode(errors="replace"))
        return True


def _is_whole(head: bytes, body: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= int(lengths[0] if lengths else 0)


def run(port: int, requests: Iterator[bytes], *, connections: int = 8, seconds: float = float("inf")) -> Run:
    """Send requests over so many kept connections until they are used up or the time is over."""
    done, opened = Run(), [_Connection(port) for _each in range(connections)]
    with selectors.DefaultSelector() as waiting:
        began = time.perf_counter()
        for each in opened:
            _send_next(each, requests, waiting, first=True)
        while waiting.get_map():
            for key, _events in waiting.select():
                each = key.data
                if not each.read():
                    continue
                at = time.perf_counter()
                done.times.append(at - each.began)
                if at - began >= seconds:
                    waiting.unregister(each.socket)
                else:
                    _send_next(each, requests, waiting)
        done.seconds = time.perf_counter() - began
    for each in opened:
        each.socket.close()
    return done


def _send_next(
    each: _Connection, requests: Iterator[bytes], waiting: selectors.BaseSelector, *, first: bool = False
) -> None:
    request = next(requests, None)
    if request is None:
        if not first:
            waiting.unregister(each.socket)
        return
    each.send(request)
    if first:
        waiting.register(each.socket, selectors.EVENT_READ, each)


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return the bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
