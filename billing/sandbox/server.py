"""The HTTP server of the stand-in: loopback only, keep-alive, one thread a connection."""

import contextlib
import ipaddress
import json
import logging
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from billing.sandbox.api import Request, Response, respond
from billing.sandbox.control import control
from billing.sandbox.world import World, build_world

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 4 * 1024 * 1024


class NotLoopback(ImproperlyConfigured):
    """The stand-in takes no real money and knows no secret: nobody outside this machine may reach it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    world: World
    stopping: threading.Event

    def __init__(self, address: tuple[str, int], world: World) -> None:
        self.world = world
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is the caller's affair; anything else is a defect of the stand-in."""
        level = logging.DEBUG if isinstance(sys.exception(), OSError) else logging.ERROR
        log.log(level, "The connection of %s ended", client_address, exc_info=True)

    def hang_up(self) -> None:
        """End the connections that callers keep alive."""
        self.stopping.set()
        for request in list(self.open):
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    names: ClassVar[tuple[str, ...]] = ("127.0.0.1", "localhost", "::1")

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_DELETE = do_GET

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            return self._send(Response(413, {"error": {"message": "The body is too large."}}))
        body = self.rfile.read(length)
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parts.query, headers, body)
        if urlsplit(f"//{headers.get('host', '')}").hostname not in self.names:
            return self._send(Response(403, {"error": {"message": "The sandbox answers to its loopback name only."}}))
        if parts.path.startswith("/_sandbox/"):
            return self._send(control(self.server.world, request))
        self.server.stopping.wait(self.server.world.faults.latency)
        return self._send(respond(self.server.world, request))

    def _send(self, response: Response) -> None:
        if response.torn:
            self.close_connection = True
            return
        body = json.dumps(response.body).encode()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


class StripeSandbox:
    """Stripe on this machine. Use it as a context manager, or `start()` and `stop()`."""

    def __init__(
        self,
        port: int = 0,
        webhook_url: str = "",
        webhook_secret: str = "",
        livemode: bool = False,
        *,
        host: str = LOOPBACK,
        delivery_workers: int = 1,
        retry_seconds: float = 0.5,
    ) -> None:
        if not getattr(settings, "SELLO_SANDBOX", False):
            raise ImproperlyConfigured("The Stripe sandbox runs only where settings.SELLO_SANDBOX is True.")
        if not ipaddress.ip_address(host).is_loopback:
            raise NotLoopback(f"The Stripe sandbox listens on loopback only, not on {host}.")
        self.delivery_workers = delivery_workers
        self.world = build_world(
            livemode=livemode, webhook_url=webhook_url, webhook_secret=webhook_secret, retry_seconds=retry_seconds
        )
        self.server = _Server((host, port), self.world)
        self.thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address to use as Stripe's API base."""
        host, port = self.server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> "StripeSandbox":
        """Serve from a thread until `stop()`."""
        self.world.deliveries.start(self.delivery_workers)
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.02,), name="stripe-sandbox", daemon=True
        )
        self.thread.start()
        return self

    def stop(self) -> None:
        """Hang up, end every thread and free the port."""
        if self.thread is not None:
            self.server.shutdown()
            self.thread.join()
            self.thread = None
        self.server.hang_up()
        self.server.server_close()
        self.world.deliveries.stop()

    def wait_until_delivered(self, timeout: float = 10) -> bool:
        """Wait until every webhook was delivered or given up; False when time ran out."""
        return self.world.deliveries.wait_until_idle(timeout)

    def __enter__(self) -> "StripeSandbox":
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


def serve(
    *,
    port: int,
    webhook_url: str = "",
    webhook_secret: str = "",
    livemode: bool = False,
    stop: threading.Event | None = None,
) -> None:
    """Serve until `stop` is set or the process is interrupted: what a command runs."""
    sandbox = StripeSandbox(port, webhook_url, webhook_secret, livemode, delivery_workers=2)
    with sandbox, contextlib.suppress(KeyboardInterrupt):
        (stop or threading.Event()).wait()
