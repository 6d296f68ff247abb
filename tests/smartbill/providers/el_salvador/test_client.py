"""What the client adds to the transport: address, both keys, timeouts, and the refusal of unusable keys."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.test import override_settings

from smartbill.providers.base import Credentials, Exchange, PreparedRequest
from tests.smartbill.providers.el_salvador.builders import provider

REQUEST = PreparedRequest(route="factura", body=b'{"dteJson":{}}')
KEYS = Credentials(public_key="pub_0123456789", private_key="prv_0123456789")


@pytest.fixture
def seen() -> Iterator[list[tuple[str, dict[str, str], bytes]]]:
    """Serve on this machine what answers every POST with an empty object; yield what was sent."""
    received: list[tuple[str, dict[str, str], bytes]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with override_settings(SMARTBILL_SV_BASE_URL=f"http://127.0.0.1:{server.server_port}/v1/"):
            yield received
        server.shutdown()
        thread.join()


def send(credentials: Credentials = KEYS, request: PreparedRequest = REQUEST, seconds: float = 10) -> Exchange:
    return provider().send(request, credentials, not_after=time.monotonic() + seconds)


def test_the_frozen_bytes_go_to_the_route_with_both_keys(seen: list[tuple[str, dict[str, str], bytes]]) -> None:
    assert send() == Exchange(written=True, status=200, body=b"{}")
    ((path, headers, body),) = seen
    assert (path, body) == ("/v1/dte/factura", REQUEST.body)
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Smartbill-Public-Key"] == "pub_0123456789"
    assert headers["X-Smartbill-Private-Key"] == "prv_0123456789"
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(("route", "path"), [("ccf", "/v1/dte/ccf"), ("fex", "/v1/dte/fex"),
                                             ("invalidate", "/v1/dte/invalidate"),
                                             ("get_json", "/v1/dte/get-json")])  # fmt: skip
def test_every_route_has_its_path(seen: list[tuple[str, dict[str, str], bytes]], route: str, path: str) -> None:
    send(request=PreparedRequest(route=route, body=b"{}"))
    assert [call[0] for call in seen] == [path]


@pytest.mark.parametrize("key", ["", "a b", "a\r\nX-Evil: 1", "clé", "\x00"])
@pytest.mark.parametrize("side", ["public_key", "private_key"])
def test_a_key_that_no_header_can_carry_sends_nothing(
    seen: list[tuple[str, dict[str, str], bytes]], key: str, side: str
) -> None:
    values = {"public_key": KEYS.public_key, "private_key": KEYS.private_key, side: key}
    exchange = send(Credentials(**values))
    assert (exchange.written, exchange.status) == (False, None)
    assert exchange.failure.startswith("UnusableKey")
    assert provider().classify_submission(REQUEST, exchange).stop_key
    assert seen == []


def test_after_its_permission_nothing_is_sent(seen: list[tuple[str, dict[str, str], bytes]]) -> None:
    assert not send(seconds=-1).written
    assert seen == []


def test_no_key_is_in_what_comes_back() -> None:
    with override_settings(SMARTBILL_SV_BASE_URL=f"http://{KEYS.private_key}.{KEYS.public_key}.invalid/v1"):
        exchange = send()
    assert exchange.failure
    assert KEYS.private_key not in repr(exchange)
    assert KEYS.public_key not in repr(exchange)
    assert KEYS.private_key not in repr(KEYS)
