"""The stand-in as a server on loopback: start it, point the client at `url`, ask `control` for the truth."""

import ipaddress
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from django.conf import settings

from smartbill.providers.el_salvador.sandbox.accounts import DEMO_ACCOUNT, Account
from smartbill.providers.el_salvador.sandbox.clock import Clock
from smartbill.providers.el_salvador.sandbox.console import Console
from smartbill.providers.el_salvador.sandbox.control import SandboxControl
from smartbill.providers.el_salvador.sandbox.exchange import Exchange
from smartbill.providers.el_salvador.sandbox.hacienda import Hacienda
from smartbill.providers.el_salvador.sandbox.http_server import VERSION_PREFIX, Doors, HttpServer
from smartbill.providers.el_salvador.sandbox.pace import Pace
from smartbill.providers.el_salvador.sandbox.pages import Pages
from smartbill.providers.el_salvador.sandbox.platform import Platform
from smartbill.providers.el_salvador.sandbox.routes import Routes
from smartbill.providers.el_salvador.sandbox.schemas import LEGACY, V2
from smartbill.providers.el_salvador.sandbox.store import Store
from smartbill.providers.el_salvador.sandbox.windows import MONTH

LATENCY = (0.7, 2.0)


class SandboxRefused(Exception):
    """The stand-in does not start here: it is for one machine with SELLO_SANDBOX set."""


class SmartbillSandbox:
    """The stand-in of smartbill.lat: `with SmartbillSandbox() as sandbox: ... sandbox.url`."""

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        accounts: Sequence[Account] = (DEMO_ACCOUNT,),
        latency: tuple[float, float] = LATENCY,
        generation: str = V2,
        seed: int | None = None,
        truth_log: Path | None = None,
        district_required: bool = False,
        window: str = MONTH,
    ) -> None:
        _check_allowed(host, generation)
        self.accounts = accounts
        self.clock = Clock()
        self._address = (host, port)
        self._pace = Pace(latency, seed=seed)
        self._options: dict[str, Any] = {"district_required": district_required, "window": window}
        self._store = Store(truth_log)
        self.platform = Platform(store=self._store, hacienda=Hacienda(generation), clock=self.clock)
        self._server: HttpServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen and serve in a thread of its own."""
        self._server = HttpServer(self._address)
        routes = Routes(self.platform, self._pace, origin=self.origin, **self._options)
        exchange = Exchange(accounts=self.accounts, store=self._store, clock=self.clock, pace=self._pace, routes=routes)
        self._server.doors = Doors(
            exchange=exchange,
            console=Console(platform=self.platform, plan=exchange.plan, clock=self.clock),
            pages=Pages(self._store),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="smartbill-sandbox", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening, end what waits or hangs, close the log. Nothing is issued afterwards."""
        if self._server is None or self._thread is None:
            return
        self._pace.stop()
        self._server.shutdown()
        self._server.hang_up()
        self._thread.join()
        self._server.server_close()
        self._store.close()
        self._server = self._thread = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        if self._server is None:
            raise SandboxRefused("the stand-in is not running")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    @property
    def url(self) -> str:
        """The base address for the client, version included."""
        return self.origin + VERSION_PREFIX

    @property
    def control(self) -> SandboxControl:
        """A client of the control surface."""
        return SandboxControl(self.url)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(port: int, **options: Any) -> None:
    """Serve until the process is told to end (SIGTERM or SIGINT); options as for `SmartbillSandbox`."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with SmartbillSandbox(port, **options):
            ended.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _check_allowed(host: str, generation: str) -> None:
    if not getattr(settings, "SELLO_SANDBOX", False):
        raise SandboxRefused("set SELLO_SANDBOX to run the stand-in: it issues documents that are worth nothing")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SandboxRefused(f"the stand-in listens on loopback only, not on {host}")
    if generation not in (V2, LEGACY):
        raise SandboxRefused(f"there is no generation {generation}")
