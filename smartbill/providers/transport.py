"""One POST over one fresh connection, and the proof of whether its first byte left.

Exception types alone prove nothing: a broken TLS record after a written request looks like a refused connection. So the
connection notes the moment before it writes. No session stands in between, because a session follows redirects, reads
proxies and `.netrc` from the environment and keeps cookies.
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import inf
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from config.kill_points import reach
from smartbill.providers.base import Exchange

CHUNK = 65_536
LONGEST_FAILURE = 1000


class TooLate(Exception):
    """The permission to send ended before the connection stood: nothing was written."""


class DeadlinePassed(Exception):
    """The whole exchange took longer than it may."""


class AnswerTooLarge(Exception):
    """The remote sends more than an answer can be."""


@dataclass(slots=True, kw_only=True)
class Wire:
    """What the connection of one exchange knows about itself."""

    not_after: float
    ends_at: float = inf  # a monotonic instant
    written: bool = False
    cut: bool = False
    sock: socket.socket | None = None

    def about_to_write(self, sock: Any) -> None:
        """Note the first byte, or refuse it; refuse the rest of a request whose exchange is over.

        A process that slept in the middle must not complete a request that others have given up meanwhile.
        """
        at = time.monotonic()
        if not self.written and (self.cut or at > self.not_after):
            raise TooLate("the deadline of the attempt passed before the first byte")
        if self.cut or at > self.ends_at:
            raise TooLate("the exchange was over before the request was complete")
        self.sock, self.written = sock, True

    def cut_off(self) -> None:
        """End a connection from another thread; a TLS socket is shut below its own layer, without a farewell."""
        self.cut = True
        if self.sock is not None:
            try:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)
            except OSError:
                return


class _OnceAdapter(HTTPAdapter):
    """An adapter of one exchange: no retries, connections that report to its wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _reporting(HTTPConnectionPool, HTTPConnection, self._wire),
            "https": _reporting(HTTPSConnectionPool, HTTPSConnection, self._wire),
        }


def _reporting(pool: type[Any], connection: type[Any], wire: Wire) -> type[Any]:
    class Reporting(connection):  # type: ignore[misc]
        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            wire.about_to_write(self.sock)
            super().send(data)

        def getresponse(self) -> Any:
            reach("after_send")
            return super().getresponse()

    return type(f"Reporting{pool.__name__}", (pool,), {"ConnectionCls": Reporting})


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeouts: tuple[float, float],
    whole: float,
    not_after: float,
    most: int,
    secrets: Sequence[str] = (),
    verify: bool | str = True,
) -> Exchange:
    """Send these bytes once and return whatever came of it; raises for nothing that the network or the remote does.

    `timeouts` are for connecting and for each read, `whole` for everything, in seconds. `not_after` is a
    `time.monotonic()` instant. `most` bounds the answer in bytes. `secrets` are struck out of the failure.
    """
    begins_at = time.monotonic()
    wire = Wire(not_after=not_after, ends_at=begins_at + whole)
    chunks: list[bytes] = []
    status: int | None = None
    answer_headers: Mapping[str, str] = {}
    failure, unreachable, held_back = "", False, False
    alarm = threading.Timer(whole, wire.cut_off)
    alarm.daemon = True
    try:
        alarm.start()
        request = requests.Request("POST", url, data=body, headers={**headers, "Connection": "close"}).prepare()
        with closing(_OnceAdapter(wire)) as adapter:
            answer = adapter.send(request, stream=True, timeout=timeouts, verify=verify)
            with closing(answer):
                status, answer_headers = answer.status_code, answer.headers
                for chunk in _chunks(answer, most):
                    chunks.append(chunk)
            if wire.cut and not _announces_its_end(answer_headers):
                raise DeadlinePassed(f"{whole} s")
    except Exception as error:  # whatever it is, the wire knows what was written, and nothing may pass that by
        # Too late from the beginning: it waited for us. Too late to connect: that is the provider's affair.
        held_back = begins_at > not_after
        nobody = requests.ConnectionError | requests.Timeout | TooLate
        unreachable = not (wire.written or held_back) and isinstance(error, nobody)
        failure = _redacted(_chain(DeadlinePassed(f"{whole} s") if wire.cut and wire.written else error), secrets)
    finally:
        alarm.cancel()
    return Exchange(
        written=wire.written,
        unreachable=unreachable,
        held_back=held_back,
        status=status,
        body=b"".join(chunks),
        content_type=answer_headers.get("Content-Type", "")[:200],
        retry_after=_seconds(answer_headers.get("Retry-After", "")),
        failure=failure,
    )


def _announces_its_end(headers: Mapping[str, str]) -> bool:
    """Whether a body that was read to its end is known to be whole, however late it came."""
    return "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()


def _chunks(answer: requests.Response, most: int) -> Iterator[bytes]:
    """Yield the body as it arrives, so that a fragment is kept as evidence when the rest never comes."""
    size = 0
    while chunk := answer.raw.read1(CHUNK, decode_content=True):
        size += len(chunk)
        if size > most:
            raise AnswerTooLarge(f"more than {most} bytes")
        yield chunk


def _chain(error: BaseException) -> str:
    """Return names and texts from the outermost error to the innermost."""
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        seen.append(link)
        inner = [part for part in link.args if isinstance(part, BaseException)]
        link = getattr(link, "reason", None) or (inner[0] if inner else None) or link.__cause__ or link.__context__
        link = link if isinstance(link, BaseException) else None
    return " ⇒ ".join(f"{type(part).__name__}: {part}"[:300] for part in seen)


def _redacted(text: str, secrets: Sequence[str]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, "•••")
    return text[:LONGEST_FAILURE]


def _seconds(value: str) -> int | None:
    text = value.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None
