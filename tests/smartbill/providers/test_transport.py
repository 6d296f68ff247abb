"""The transport against real sockets that misbehave: what was written is known, and nothing is raised."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from urllib3.util import connection

from smartbill.providers.base import Exchange
from smartbill.providers.transport import post

BODY = b'{"dteJson":{}}'
KEY = "private-key-of-the-account"
Act = Callable[[socket.socket], None]


def read_request(peer: socket.socket) -> bytes:
    data = b""
    while BODY not in data:
        data += peer.recv(65_536)
    return data


class Remote:
    """A server of one behaviour on a port of this machine; it keeps what it was sent."""

    def __init__(self, act: Act) -> None:
        self.requests: list[bytes] = []
        self._act = act
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1/dte/factura"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                peer, _address = self._server.accept()
                with peer, suppress(OSError):
                    self._act(peer)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)


@pytest.fixture
def remote() -> Iterator[Callable[[Act], Remote]]:
    started: list[Remote] = []

    def start(act: Act) -> Remote:
        server = Remote(lambda peer: act(peer))
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


def send(url: str, **changes: Any) -> Exchange:
    options: dict[str, Any] = {
        "timeouts": (0.5, 0.5),
        "whole": 5,
        "not_after": time.monotonic() + 10,
        "most": 100_000,
        "secrets": (KEY,),
        **changes,
    }
    return post(url, BODY, {"Content-Type": "application/json", "X-Smartbill-Private-Key": KEY}, **options)


def answering(raw: bytes) -> Act:
    def act(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(raw)

    return act


def whole_answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    peer.close()


def test_a_whole_answer_comes_back_as_it_was_sent(remote: Any) -> None:
    exchange = send(remote(answering(whole_answer(b'{"a":1}', more="Retry-After: 7\r\n"))).url)
    assert exchange == Exchange(
        written=True, status=200, body=b'{"a":1}', content_type="application/json", retry_after=7, failure=""
    )


def test_the_request_is_one_post_with_exactly_these_bytes_and_headers(remote: Any) -> None:
    received: list[bytes] = []

    def act(peer: socket.socket) -> None:
        received.append(read_request(peer))
        peer.sendall(whole_answer(b"{}"))

    send(remote(act).url)
    (request,) = received
    head, _blank, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/dte/factura HTTP/1.1\r\n")
    assert b"X-Smartbill-Private-Key: " + KEY.encode() in head
    assert b"Connection: close" in head
    assert body == BODY


def test_a_chunked_answer_is_joined(remote: Any) -> None:
    raw = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n'
    exchange = send(remote(answering(raw)).url)
    assert (exchange.body, exchange.failure) == (b'{"a":1}', "")


def test_a_refused_connection_wrote_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    exchange = send(f"http://127.0.0.1:{port}/")
    assert (exchange.written, exchange.status) == (False, None)
    assert "NewConnectionError" in exchange.failure


def test_an_unknown_host_wrote_nothing() -> None:
    exchange = send("http://nobody.invalid/")
    assert (exchange.written, exchange.status) == (False, None)
    assert "NameResolutionError" in exchange.failure


def test_a_connection_that_never_stands_wrote_nothing() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _n in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        exchange = send(f"http://127.0.0.1:{address[1]}/")
        for one in waiting:
            one.close()
    assert (exchange.written, exchange.status) == (False, None)
    assert "ConnectTimeout" in exchange.failure


def test_a_tls_handshake_that_hangs_wrote_nothing(remote: Any) -> None:
    server = remote(lambda peer: time.sleep(1))
    exchange = send(server.url.replace("http:", "https:"))
    assert (exchange.written, exchange.status) == (False, None)
    assert exchange.failure.startswith("ReadTimeout")


def test_a_certificate_that_is_not_trusted_wrote_nothing(remote: Any, certificate: tuple[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def act(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as secure:
            read_request(secure)

    exchange = send(remote(act).url.replace("http:", "https:"))
    assert (exchange.written, exchange.status) == (False, None)
    assert "SSLCertVerificationError" in exchange.failure


def test_a_broken_tls_record_after_the_request_was_written(remote: Any, certificate: tuple[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def act(peer: socket.socket) -> None:
        raw = peer.dup()
        with context.wrap_socket(peer, server_side=True) as secure:
            read_request(secure)
            raw.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)
            raw.close()

    exchange = send(remote(act).url.replace("http:", "https:"), verify=certificate[0])
    assert (exchange.written, exchange.status) == (True, None)
    assert exchange.failure.startswith("SSLError")


def test_an_answer_over_tls_is_read(remote: Any, certificate: tuple[str, str]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def act(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as secure:
            read_request(secure)
            secure.sendall(whole_answer(b"{}"))

    exchange = send(remote(act).url.replace("http:", "https:"), verify=certificate[0])
    assert (exchange.written, exchange.status, exchange.body) == (True, 200, b"{}")


def test_a_reset_in_the_middle_of_the_request_counts_as_written(remote: Any) -> None:
    def act(peer: socket.socket) -> None:
        peer.recv(1)
        reset(peer)

    exchange = send(remote(act).url)
    assert (exchange.written, exchange.status) == (True, None)
    assert "ProtocolError" in exchange.failure


def test_a_reset_after_the_request_was_written(remote: Any) -> None:
    def act(peer: socket.socket) -> None:
        read_request(peer)
        reset(peer)

    exchange = send(remote(act).url)
    assert (exchange.written, exchange.status) == (True, None)
    assert "ProtocolError" in exchange.failure


def test_no_answer_in_time_was_written(remote: Any) -> None:
    def act(peer: socket.socket) -> None:
        read_request(peer)
        time.sleep(1)

    exchange = send(remote(act).url)
    assert (exchange.written, exchange.status) == (True, None)
    assert exchange.failure.startswith("ReadTimeout")


def test_half_an_answer_is_kept_as_evidence(remote: Any) -> None:
    raw = whole_answer(b'{"codigoGeneracion":"AAAA0001-0000-4000-8000-000000000001","x":1}')[:-7]
    exchange = send(remote(answering(raw)).url)
    assert (exchange.written, exchange.status) == (True, 200)
    assert exchange.body == b'{"codigoGeneracion":"AAAA0001-0000-4000-8000-000000000001"'
    assert "IncompleteRead" in exchange.failure


def test_half_an_answer_and_then_silence_is_kept_as_evidence(remote: Any) -> None:
    def act(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(whole_answer(b'{"a":1}')[:-2])
        time.sleep(1)

    exchange = send(remote(act).url)
    assert (exchange.written, exchange.status, exchange.body) == (True, 200, b'{"a":')
    assert "ReadTimeoutError" in exchange.failure


def test_a_page_of_a_gateway_is_an_answer_like_any_other(remote: Any) -> None:
    raw = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"
    exchange = send(remote(answering(raw)).url)
    assert (exchange.status, exchange.body, exchange.content_type) == (502, b"<html></html>", "text/html")
    assert exchange.failure == ""


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_is_never_followed(remote: Any, status: str) -> None:
    posts: list[bytes] = []

    def act(peer: socket.socket) -> None:
        posts.append(read_request(peer))
        peer.sendall(whole_answer(b"{}", status, f"Location: http://127.0.0.1:{server.port}/again\r\n"))

    server = remote(act)
    exchange = send(server.url)
    assert (exchange.status, exchange.failure) == (int(status[:3]), "")
    assert len(posts) == 1


def test_a_slow_trickle_ends_at_the_deadline_of_the_whole(remote: Any) -> None:
    def act(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _n in range(100):
            peer.sendall(b"x")
            time.sleep(0.05)

    start = time.monotonic()
    exchange = send(remote(act).url, whole=0.6)
    assert time.monotonic() - start < 3
    assert exchange.written
    assert exchange.failure.startswith("DeadlinePassed")
    assert 1 <= len(exchange.body) < 100


def test_a_trickle_of_headers_ends_at_the_deadline_of_the_whole(remote: Any) -> None:
    def act(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _n in range(100):
            peer.sendall(b"x")
            time.sleep(0.05)

    exchange = send(remote(act).url, whole=0.6)
    assert (exchange.written, exchange.body) == (True, b"")
    assert exchange.failure.startswith("DeadlinePassed")


def test_garbage_instead_of_http_was_written(remote: Any) -> None:
    exchange = send(remote(answering(b"\x00\xff\x13garbage\r\n\r\n")).url)
    assert (exchange.written, exchange.status) == (True, None)
    assert "ProtocolError" in exchange.failure


def test_a_broken_compression_was_written(remote: Any) -> None:
    raw = whole_answer(b"not gzip at all", more="Content-Encoding: gzip\r\n")
    exchange = send(remote(answering(raw)).url)
    assert (exchange.written, exchange.status) == (True, 200)
    assert "DecodeError" in exchange.failure


def test_an_endless_answer_is_cut(remote: Any) -> None:
    exchange = send(remote(answering(whole_answer(b"x" * 300_000))).url)
    assert exchange.written
    assert "AnswerTooLarge" in exchange.failure
    assert len(exchange.body) <= 100_000


def test_the_first_byte_is_refused_after_the_permission_ended(remote: Any) -> None:
    seen: list[bytes] = []

    def act(peer: socket.socket) -> None:
        seen.append(peer.recv(100))

    exchange = send(remote(act).url, not_after=time.monotonic() - 0.001)
    assert (exchange.written, exchange.status) == (False, None)
    assert exchange.failure.startswith("TooLate")
    time.sleep(0.1)
    assert seen in ([], [b""])


def test_a_key_in_a_failure_is_struck_out() -> None:
    exchange = send(f"http://{KEY}.invalid/")
    assert exchange.failure
    assert KEY not in exchange.failure


def test_a_header_that_cannot_be_written_was_not_sent(remote: Any) -> None:
    options = {"timeouts": (0.5, 0.5), "whole": 5, "not_after": time.monotonic() + 10, "most": 10}
    exchange = post(remote(reset).url, BODY, {"X-Key": "a\r\nb"}, **options)
    assert (exchange.written, exchange.status) == (False, None)
    assert exchange.failure.startswith("InvalidHeader")


def test_proxies_of_the_environment_are_not_used(remote: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    assert send(remote(answering(whole_answer(b"{}"))).url).status == 200


@pytest.mark.parametrize("value", ["-1", "soon", "9" * 20, "٣"])
def test_a_wait_that_is_no_number_of_seconds_is_ignored(remote: Any, value: str) -> None:
    raw = whole_answer(b"{}", "429 Too Many", f"Retry-After: {value}\r\n".encode().decode("latin-1"))
    assert send(remote(answering(raw)).url).retry_after is None


def test_only_a_call_that_was_late_before_it_began_was_held_back(remote: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    late = send(remote(reset).url, not_after=time.monotonic() - 0.001)
    assert (late.held_back, late.unreachable) == (True, False)
    connect = connection.create_connection

    def slowly(*arguments: Any, **options: Any) -> socket.socket:
        time.sleep(0.2)
        return connect(*arguments, **options)

    monkeypatch.setattr(connection, "create_connection", slowly)
    slow = send(remote(reset).url, not_after=time.monotonic() + 0.1)
    assert (slow.written, slow.held_back, slow.unreachable) == (False, False, True)
