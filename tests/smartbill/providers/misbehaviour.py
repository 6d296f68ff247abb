"""A server on real sockets for every way in which a call can end, down to the single TLS record."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Act = Callable[[socket.socket], None]
HANG = 3
"""Seconds for which a silent server holds a connection; far longer than a client of the tests waits."""


class Remote:
    """A server of one behaviour on a port of this machine; it keeps the requests it has read."""

    def __init__(self, act: Act) -> None:
        self.requests: list[bytes] = []
        self._act = act
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.over = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                peer, _address = self._server.accept()
                threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer: socket.socket) -> None:
        with peer, suppress(OSError):
            self._act(peer)

    def wait(self, seconds: float = HANG) -> None:
        """Hold a connection in silence, no longer than the test lasts."""
        self.over.wait(seconds)

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@contextmanager
def serving(make: Callable[["Remote"], Act]) -> Iterator[Remote]:
    """Serve the behaviour that `make` returns; it is given the server, whose log and waiting it may use."""
    acts: list[Act] = []
    remote = Remote(lambda peer: acts[0](peer))
    acts.append(make(remote))
    try:
        yield remote
    finally:
        remote.close()


def read_request(remote: Remote, peer: socket.socket) -> None:
    """Read one whole request and keep it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(peer)
    head, _blank, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
    while len(body) < length:
        body += _more(peer)
    remote.requests.append(head + b"\r\n\r\n" + body)


def _more(peer: socket.socket) -> bytes:
    if not (part := peer.recv(65_536)):
        raise ConnectionError("the client went away")
    return part


def answer(body: bytes, status: str = "200 OK", *more: str, kind: str = "application/json") -> bytes:
    """Return a whole HTTP answer."""
    headers = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + body


def reset(peer: socket.socket) -> None:
    """End a connection with RST, as a crash or a firewall does."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    peer.close()


def reset_unread(remote: Remote, peer: socket.socket) -> None:
    """Leave the request where it lies and end the connection with RST, once the client has had time to write."""
    remote.wait(0.1)
    reset(peer)


# Behaviours: each is given the server and returns what it does with a connection


def answering(raw: bytes) -> Callable[[Remote], Act]:
    """Read the request and send these bytes."""
    return reading_then(lambda _remote, peer: peer.sendall(raw))


def reading_then(act: Callable[[Remote, socket.socket], None]) -> Callable[[Remote], Act]:
    """Read the request, then do this."""

    def make(remote: Remote) -> Act:
        def serve(peer: socket.socket) -> None:
            read_request(remote, peer)
            act(remote, peer)

        return serve

    return make


def untouched(act: Callable[[Remote, socket.socket], None]) -> Callable[[Remote], Act]:
    """Do this with the connection without reading a byte of the request."""
    return lambda remote: lambda peer: act(remote, peer)


def silent_after(raw: bytes) -> Callable[[Remote], Act]:
    """Read the request, send these bytes, and hold the connection."""

    def act(remote: Remote, peer: socket.socket) -> None:
        peer.sendall(raw)
        remote.wait()

    return reading_then(act)


def trickling(head: bytes, tail: bytes) -> Callable[[Remote], Act]:
    """Read the request, send the head at once and the tail byte by byte, none of them late."""

    def act(remote: Remote, peer: socket.socket) -> None:
        peer.sendall(head)
        for number in range(len(tail)):
            peer.sendall(tail[number : number + 1])
            time.sleep(0.05)

    return reading_then(act)


def late(raw: bytes, seconds: float) -> Callable[[Remote], Act]:
    """Read the request and send the whole answer after the client has given up."""

    def act(remote: Remote, peer: socket.socket) -> None:
        remote.wait(seconds)
        peer.sendall(raw)

    return reading_then(act)


def over_tls(certificate: tuple[str, str], act: Callable[[Remote, ssl.SSLSocket, socket.socket], None], *,
             demands_certificate: bool = False) -> Callable[[Remote], Act]:  # fmt: skip
    """Shake hands by TLS, then do this with the secure connection and the bare one below it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    if demands_certificate:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificate[0])

    def make(remote: Remote) -> Act:
        def serve(peer: socket.socket) -> None:
            with peer.dup() as bare, context.wrap_socket(peer, server_side=True) as secure:
                act(remote, secure, bare)

        return serve

    return make


@contextmanager
def nobody_listening() -> Iterator[str]:
    """Yield an address at which every connection is refused."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextmanager
def never_accepting() -> Iterator[str]:
    """Yield an address at which no connection ever stands: the queue of the listener is full."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _n in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"
        for one in waiting:
            one.close()
