"""Every way in which a call can end, from the socket to the verdict: nothing that may have left is "not sent"."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from smartbill.providers import transport
from smartbill.providers.base import Credentials, Exchange
from smartbill.providers.el_salvador import client
from tests.smartbill.providers import misbehaviour as does
from tests.smartbill.providers.el_salvador.bodies import INVALIDATION, SUBMISSION
from tests.smartbill.providers.el_salvador.builders import provider
from tests.smartbill.providers.endings import ENDINGS, Ending
from tests.smartbill.providers.misbehaviour import Remote

KEYS = Credentials(public_key="pub_0123456789", private_key="prv_0123456789")


@pytest.fixture(autouse=True)
def _impatient(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SMARTBILL_CONNECT_TIMEOUT, settings.SMARTBILL_READ_TIMEOUT = 0.4, 0.5
    monkeypatch.setattr(client, "MARGIN", 0.3)


def bad_record(remote: Remote, secure: ssl.SSLSocket, bare: socket.socket) -> None:
    does.read_request(remote, secure)
    bare.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)


def read_and_close(remote: Remote, secure: ssl.SSLSocket, _bare: socket.socket) -> None:
    does.read_request(remote, secure)


def garbage(_remote: Remote, peer: socket.socket) -> None:
    peer.recv(1)
    peer.sendall(b"HTTP/1.1 400 This is not TLS\r\n\r\n")


def reset_in_the_handshake(_remote: Remote, peer: socket.socket) -> None:
    # After a byte was read: one that is reset earlier may be found dead before Python's ssl module owns its socket.
    peer.recv(1)
    does.reset(peer)


SECURE: dict[str, Callable[[tuple[str, str]], Any]] = {
    "untrusted": lambda certificate: does.over_tls(certificate, read_and_close),
    "bad record": lambda certificate: does.over_tls(certificate, bad_record),
    "tls closed": lambda certificate: does.over_tls(certificate, read_and_close),
    "certificate demanded": lambda certificate: does.over_tls(certificate, read_and_close, demands_certificate=True),
    "handshake hangs": lambda _certificate: does.untouched(lambda remote, _peer: remote.wait()),
    "handshake garbage": lambda _certificate: does.untouched(garbage),
    "handshake closed": lambda _certificate: does.untouched(lambda _remote, peer: peer.recv(65_536) and None),
    "handshake reset": lambda _certificate: does.untouched(reset_in_the_handshake),
}


@contextmanager
def address_of(
    ending: Ending, certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, list[bytes]]]:
    """Yield an address at which a call ends in this way, and the log of the requests that were read there."""
    if callable(ending.does):
        with does.serving(ending.does) as remote:
            yield remote.url, remote.requests
    elif ending.does in SECURE:
        if ending.does != "untrusted":
            monkeypatch.setattr(transport, "post", partial(transport.post, verify=certificate[0]))
        with does.serving(SECURE[ending.does](certificate)) as remote:
            yield remote.url.replace("http:", "https:"), remote.requests
    elif ending.does == "dns":
        yield "http://nobody.invalid", []
    else:
        with (does.nobody_listening if ending.does == "refused" else does.never_accepting)() as url:
            yield url, []


def ended(ending: Ending, certificate: tuple[str, str], settings: Any, monkeypatch: Any, request: Any) -> Exchange:
    with address_of(ending, certificate, monkeypatch) as (url, requests):
        settings.SMARTBILL_SV_BASE_URL = f"{url}/v1"
        exchange = provider().send(request, KEYS, not_after=time.monotonic() + 5)
        # Once, whatever came back: no retry, no redirect followed.
        assert len(requests) <= 1
    return exchange


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
@pytest.mark.parametrize("operation", ["submission", "invalidation"])
def test_a_call_that_ends_like_this_has_this_verdict(
    ending: Ending, operation: str, certificate: tuple[str, str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = SUBMISSION if operation == "submission" else INVALIDATION
    exchange = ended(ending, certificate, settings, monkeypatch, request)
    assert exchange.written is ending.written, exchange
    assert exchange.unreachable is ending.unreachable, exchange
    chain = iter(link.partition(":")[0] for link in exchange.failure.split(" ⇒ "))
    assert all(name in chain for name in ending.failure), exchange.failure
    assert bool(exchange.failure) is bool(ending.failure), exchange.failure

    if operation == "submission":
        verdict = provider().classify_submission(request, exchange)
        assert verdict.outcome == ending.submission, verdict
        assert verdict.look_up == ending.look_up, verdict
    else:
        verdict = provider().classify_invalidation(request, exchange)
        assert verdict.outcome == (ending.invalidation or ending.submission), verdict
    if verdict.outcome == "not_sent":
        assert (verdict.stop_key, verdict.pause) == (ending.stop_key, ending.pause), verdict
    assert verdict.note
    assert KEYS.private_key not in verdict.note + exchange.failure


def test_no_ending_counts_as_not_sent_once_a_byte_left_but_where_the_provider_says_so() -> None:
    said = {ending.name for ending in ENDINGS if ending.written and ending.submission == "not_sent"}
    assert said == {"401", "403", "403 as a page", "404", "404 as a page", "429", "429 with a wait"}
    assert all(ending.submission == "not_sent" for ending in ENDINGS if not ending.written)


def test_the_names_of_the_endings_are_all_different() -> None:
    assert len({ending.name for ending in ENDINGS}) == len(ENDINGS)
