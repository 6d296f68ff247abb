"""No address that staff type in leads into our own network, by its looks, by its name, or by a redirect."""

import socket
import ssl
import threading
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from notifications import client
from notifications.client import AddressRefused, Unanswered, checked_address, is_public, post_text

PRIVATE = [
    *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.9.9.9", "0.0.0.1", "169.254.169.254", "100.64.0.1"),
    *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::"),
]


@pytest.fixture(autouse=True)
def _production(settings: Settings) -> None:
    settings.SELLO_SANDBOX = False


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_internet_is_none(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_one(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.slack.com/x",
        "http://hooks.slack.com/x",
        "ftp://hooks.slack.com/x",
        "file:///etc/passwd",
        "https://",
        "https://user@hooks.slack.com/x",
        "https://user:pw@hooks.slack.com/x",
        "https://hooks.slack.com:8443/x",
        "https://hooks.slack.com:99999/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://localhost/x",
        "https://intranet/x",
        "https://hooks.slack.com/x y",
        "https://hooks.slack.com/x\r\nHost: inside",
        "https://hooks.slack.com\t/x",
        "https://höoks.example/x",
        "https://[bad/x",
    ],
)
def test_an_address_that_may_not_be_called_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.socket, "getaddrinfo", resolves_to("127.0.0.1"))
    with pytest.raises(AddressRefused):
        post_text(url, "x")


def test_an_ordinary_address_is_taken() -> None:
    assert checked_address("https://hooks.slack.com/services/T0/B0/abc").hostname == "hooks.slack.com"


def resolves_to(*addresses: str) -> Any:
    def getaddrinfo(host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
        found = [host] if host.replace(".", "").isdigit() else addresses
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return getaddrinfo


@pytest.mark.parametrize("addresses", [*[(each,) for each in PRIVATE if "%" not in each], ("1.1.1.1", "10.0.0.1")])
def test_a_name_that_leads_inside_is_refused_before_anything_is_called(
    addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.socket, "getaddrinfo", resolves_to(*addresses))
    monkeypatch.setattr(client, "_connection", lambda *_a, **_k: pytest.fail("it was called"))
    with pytest.raises(AddressRefused, match="private network"):
        post_text("https://hooks.evil.example/x", "x")


def test_a_name_that_is_not_known_is_tried_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_more: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(client.socket, "getaddrinfo", fails)
    with pytest.raises(Unanswered, match=r"hooks\.slack\.example"):
        post_text("https://hooks.slack.example/secret", "x")


def test_the_name_is_asked_for_once_and_the_call_goes_to_that_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that answers otherwise the second time (DNS rebinding) is not asked a second time."""
    called: list[tuple[str, int]] = []
    monkeypatch.setattr(client.socket, "getaddrinfo", resolves_to("1.1.1.1"))

    def refuse(address: tuple[str, int], *_args: Any, **_more: Any) -> Any:
        called.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)
    with pytest.raises(Unanswered):
        post_text("https://hooks.slack.example/secret", "x")
    assert called == [("1.1.1.1", 443)]


def test_a_certificate_that_nobody_trusts_or_of_another_name_is_not_talked_to(
    certificate: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in's certificate is for 127.0.0.1: it is refused for the name that was asked for, even if trusted."""
    cert, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def serve() -> None:
            for _each in range(2):
                raw, _peer = listener.accept()
                with raw:
                    try:
                        with context.wrap_socket(raw, server_side=True) as tls:
                            got.append(tls.recv(100))
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        ordinary = client._connection

        def to_the_stand_in(address: str, _port: int, host: str, **more: Any) -> Any:
            return ordinary("127.0.0.1", port, host, **more)

        monkeypatch.setattr(client.socket, "getaddrinfo", resolves_to("1.1.1.1"))
        monkeypatch.setattr(client, "_connection", to_the_stand_in)
        for ca_file in ("", cert):
            with pytest.raises(Unanswered):
                post_text("https://hooks.slack.example/secret", "x", ca_file=ca_file)
        thread.join(5)
    assert got in ([], [b""], [b"", b""])
