"""The way to the webhooks of alerts: one POST of JSON to an address that staff typed in, which must lead outside.

Nothing in here trusts the address. It is https on the usual port; its name is resolved once, every address it has must
be a public one, and the connection goes to exactly that address with the certificate checked for the name. So neither a
name that points inside, nor one that changes between the look and the call, nor a redirect reaches our own network.
"""

import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
from django.conf import settings
from django.utils.translation import gettext as _
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 5.0, 10.0, 15.0
LOOPBACK = {"localhost", "127.0.0.1"}


class AddressRefused(Exception):
    """The address is not one that may be called: another one is needed."""


class Unanswered(Exception):
    """No answer came; another try may do better."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The status of an answer, and how long its sender asks to be left alone, in seconds."""

    status: int
    retry_after: int | None = None


def checked_address(url: str) -> SplitResult:
    """Return the parts of an address that may be called by its looks, or raise AddressRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(_("This is no web address.")) from error
    host = parts.hostname or ""
    if not url.isascii() or any(char <= " " for char in url) or not host:
        raise AddressRefused(_("This is no web address."))
    if _is_stand_in(host):
        return parts
    if parts.scheme != "https":
        raise AddressRefused(_("The address must begin with https://."))
    if parts.username is not None or parts.password is not None:
        raise AddressRefused(_("The address must not name a user."))
    if port not in (None, 443):
        raise AddressRefused(_("The address must not name another port."))
    if host.replace(".", "").isdigit() or ":" in host or "." not in host.rstrip("."):
        raise AddressRefused(_("The address must name a host of the internet by its name."))
    return parts


def _is_stand_in(host: str) -> bool:
    """Whether this is a stand-in on this machine, where stand-ins are allowed at all."""
    return bool(settings.SELLO_SANDBOX) and host in LOOPBACK


def public_address(host: str, port: int) -> str:
    """Return the first address of a host. Raises AddressRefused if any of them leads into a private network."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unanswered(_("The host %(host)s is not known.") % {"host": host}) from error
    addresses = [str(each[4][0]) for each in found]
    if not addresses:
        raise Unanswered(_("The host %(host)s is not known.") % {"host": host})
    if not _is_stand_in(host) and not all(map(is_public, addresses)):
        raise AddressRefused(_("The host %(host)s leads into a private network.") % {"host": host})
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address belongs to the internet: not private, loopback, link-local, shared, mapped or multicast."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner: Sequence[Any] = ()
    if isinstance(parsed, ipaddress.IPv6Address):
        # Each of these carries an IPv4 address, to which a gateway would pass the call on.
        inner = [each for each in (parsed.ipv4_mapped, parsed.sixtofour, *(parsed.teredo or ())) if each is not None]
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
            inner = [*inner, ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)]
    return parsed.is_global and not parsed.is_multicast and all(is_public(str(each)) for each in inner)


def post_text(url: str, text: str, *, ca_file: str = "") -> Answer:
    """Post {"text": text} once. Raises AddressRefused or Unanswered; neither says more of the address than its host."""
    parts = checked_address(url)
    host, is_plain = str(parts.hostname), parts.scheme == "http"
    port = parts.port or (80 if is_plain else 443)
    address = public_address(host, port)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    body = json.dumps({"text": text}).encode()
    headers = {"Host": parts.netloc, "Content-Type": "application/json", "Connection": "close", "User-Agent": "Sello"}
    connection = _connection(address, port, host, is_plain=is_plain, ca_file=ca_file)
    # Ends what drips: the timeouts of a socket begin anew with every byte.
    alarm = threading.Timer(WHOLE_SECONDS, _cut_off, [connection])
    alarm.daemon = True
    alarm.start()
    try:
        with closing(connection):
            connection.connect()
            if connection.sock is not None:
                connection.sock.settimeout(READ_SECONDS)
            connection.request("POST", path, body=body, headers=headers, preload_content=False)
            answer = connection.getresponse()
            return Answer(answer.status, _seconds(answer.headers.get("Retry-After", "")))
    except (HTTPError, OSError, ssl.SSLError, ValueError) as error:
        raise Unanswered(f"{host}: {type(error).__name__}") from error
    finally:
        alarm.cancel()


def _connection(address: str, port: int, host: str, *, is_plain: bool, ca_file: str) -> HTTPConnection:
    if is_plain:
        return HTTPConnection(address, port, timeout=CONNECT_SECONDS)
    return HTTPSConnection(
        address,
        port,
        timeout=CONNECT_SECONDS,
        cert_reqs="CERT_REQUIRED",
        ca_certs=ca_file or certifi.where(),
        server_hostname=host,
        assert_hostname=host,
    )


def _cut_off(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        try:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
        except OSError:
            return


def _seconds(value: str) -> int | None:
    text = value.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
