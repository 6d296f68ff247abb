"""The HTTP side: one request per call of `do_POST`, answered with one write or spoilt on the socket."""

import socket
import struct
import sys
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from smartbill.providers.el_salvador.sandbox import exchange
from smartbill.providers.el_salvador.sandbox.console import PREFIX as CONSOLE
from smartbill.providers.el_salvador.sandbox.console import Console
from smartbill.providers.el_salvador.sandbox.envelopes import Answer, html_answer
from smartbill.providers.el_salvador.sandbox.pages import PLATFORM, Pages
from smartbill.providers.el_salvador.sandbox.routes import route_of

VERSION_PREFIX = "/v1"
DOCUMENTS = "/documents/"
_LARGEST_BODY = 5 * 1024 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where requests go: the API, the control surface, the public pages."""

    exchange: exchange.Exchange
    console: Console
    pages: Pages


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with kept connections."""

    server: "HttpServer"
    protocol_version = "HTTP/1.1"
    server_version = "smartbill-sandbox"
    disable_nagle_algorithm = True
    timeout = 120

    def do_POST(self) -> None:
        """Answer a call to the API or to the control surface."""
        body = self._body()
        if body is None:
            return
        path = self.path.split("?", 1)[0]
        if path == PLATFORM:
            self.server.doors.console.answer("/regularise", b"")
            self._send(Answer(status=303, body=b"", headers={"Location": PLATFORM}))
            return
        if path.startswith(CONSOLE + "/"):
            self._send(self.server.doors.console.answer(path.removeprefix(CONSOLE), body))
            return
        route = route_of(path.removeprefix(VERSION_PREFIX)) if path.startswith(VERSION_PREFIX + "/") else None
        if route is None:
            self._send(html_answer(404, f"Cannot POST {path}"))
        elif self.headers.get_content_type() != "application/json":
            self._send(html_answer(415, "Unsupported Media Type"))
        else:
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = exchange.Request(route=route, path=self.path, headers=headers, body=body)
            self._act(self.server.doors.exchange.run(request))

    def do_GET(self) -> None:
        """Show a page, or the truth to whoever asks for it by hand; the API itself answers POST alone."""
        path, _, query = self.path.partition("?")
        asked = dict(parse_qsl(query))
        if path == PLATFORM:
            self._send(self.server.doors.pages.platform(asked.get("search", "")))
        elif path.startswith(CONSOLE + "/"):
            self._send(self.server.doors.console.show(path.removeprefix(CONSOLE), asked))
        elif path.startswith(DOCUMENTS):
            self._send(self.server.doors.pages.answer(path.removeprefix(DOCUMENTS)))
        else:
            self._send(html_answer(405 if path.startswith(VERSION_PREFIX) else 404, f"Cannot GET {path}"))

    def _body(self) -> bytes | None:
        """Read the body, or answer why it is not read."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True
            self._send(html_answer(411, "Length Required"))
            return None
        if int(length) > _LARGEST_BODY:
            self.close_connection = True
            self._send(html_answer(413, "Payload Too Large"))
            return None
        return self.rfile.read(int(length))

    def _act(self, reply: exchange.Reply) -> None:
        if reply.act == exchange.RESET:
            self._reset()
        elif reply.act == exchange.HANG:
            self._hang()
            self._reset()
        elif reply.answer is not None:
            self._send(reply.answer, cut=reply.act == exchange.CUT)

    def _send(self, answer: Answer, *, cut: bool = False) -> None:
        """Write head and body in one piece; a cut answer promises its whole length and ends in the middle."""
        body = answer.body[: len(answer.body) // 2] if cut else answer.body
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        self.close_connection = self.close_connection or cut
        lines.append(f"Connection: {'close' if self.close_connection else 'keep-alive'}")
        try:
            self.connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        except OSError:
            # The client hung up before its answer: what was issued stays issued, and the call log says so.
            self.close_connection = True

    def _hang(self) -> None:
        """Say nothing until the client hangs up or the server stops: both end the reading."""
        try:
            self.connection.settimeout(None)
            self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return

    def _reset(self) -> None:
        """Cut the line so that the client sees a reset and not an orderly end."""
        self.close_connection = True
        try:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the call log is the record."""


class HttpServer(ThreadingHTTPServer):
    """One thread a connection; the open connections are known, so that a stop ends them."""

    daemon_threads = True
    request_queue_size = 256

    doors: Doors

    def __init__(self, address: tuple[str, int]) -> None:
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection and remember it."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection; a reset was asked for by a lingering time of zero and must not say goodbye first."""
        with self._open_lock:
            self._open.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)[:1] == b"\x01":
            request.close()
        else:
            super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake every thread that still reads from a connection."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RD)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what the faults are about; anything else is a defect and shows."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)
