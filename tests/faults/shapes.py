"""Forty shapes of hostile requests to the inbox, each made anew by chance: none carries a signature of ours that holds.

A shape returns the raw bytes of one request. `alone` marks those after which the connection cannot be used any more.
"""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from billing.sandbox.signing import sign

Make = Callable[["Attacker"], bytes]
OVERSIZE = 600_000


@dataclass
class Attacker:
    """Knows the address and everything that is public, and has no secret."""

    path: str
    host: str
    chance: random.Random

    def request(
        self,
        *,
        header: str | bytes | None = "",
        body: bytes | None = None,
        method: str = "POST",
        path: str = "",
        length: str | None = None,
        more: str = "",
        version: str = "HTTP/1.1",
    ) -> bytes:
        """Put a request together; `header` is the signature, None for no such header, "" for a wrong one."""
        body = self.event() if body is None else body
        header = self.wrong(body) if header == "" else header
        signature = header.encode("latin-1", "replace") if isinstance(header, str) else header
        lines = [f"{method} {path or self.path} {version}", f"Host: {self.host}", "Content-Type: application/json"]
        lines.append(f"Content-Length: {len(body) if length is None else length}")
        head = "\r\n".join([*lines, *([more] if more else [])]).encode("latin-1", "replace")
        if signature is not None:
            head += b"\r\nStripe-Signature: " + signature
        return head + b"\r\n\r\n" + body

    def event(self) -> bytes:
        number = self.chance.randrange(10**9)
        subject = {"id": f"pi_forged{number}", "object": "payment_intent", "customer": None, "name": self.text()}
        kind = self.chance.choice(
            ["payment_intent.succeeded", "invoice.paid", "checkout.session.completed", "nonsense"]
        )
        content = {"id": f"evt_forged{number}", "type": kind, "livemode": False, "data": {"object": subject}}
        return json.dumps(content).encode()

    def wrong(self, body: bytes, *, shift: int = 0) -> str:
        return sign(body, secret=f"whsec_{self.text()}", timestamp=int(time.time()) + shift)

    def text(self) -> str:
        alphabet = "abcXYZ019_-'\"<>%$ ñé漢"
        return "".join(self.chance.choices(alphabet, k=self.chance.randint(0, 40)))

    def hexadecimal(self, count: int = 64) -> str:
        return f"{self.chance.getrandbits(4 * count):0{count}x}"

    def bytes(self, most: int = 2000) -> bytes:
        return self.chance.randbytes(self.chance.randint(1, most))

    @property
    def now(self) -> int:
        return int(time.time()) + self.chance.randint(-200, 200)


def _chunked(attacker: Attacker, body: bytes) -> bytes:
    head = f"POST {attacker.path} HTTP/1.1\r\nHost: {attacker.host}\r\nTransfer-Encoding: chunked\r\n"
    return head.encode() + f"Stripe-Signature: t={attacker.now},v1={attacker.hexadecimal()}\r\n\r\n".encode() + body


SIGNATURES: dict[str, Make] = {
    "no header": lambda a: a.request(header=None),
    "blank header": lambda a: a.request(header=" " * a.chance.randint(1, 30)),
    "separators alone": lambda a: a.request(header="".join(a.chance.choices(",=;", k=a.chance.randint(1, 60)))),
    "no time": lambda a: a.request(header=f"v1={a.hexadecimal()}"),
    "no signature": lambda a: a.request(header=f"t={a.now}"),
    "invented signature": lambda a: a.request(header=f"t={a.now},v1={a.hexadecimal()}"),
    "signed with another secret": lambda a: a.request(),
    "too old": lambda a: a.request(header=a.wrong(b"{}", shift=-a.chance.randint(301, 10**6))),
    "from the future": lambda a: a.request(header=a.wrong(b"{}", shift=a.chance.randint(301, 10**6))),
    "two times": lambda a: a.request(header=f"t={a.now},t={a.now},v1={a.hexadecimal()}"),
    "time no number": lambda a: a.request(header=f"t={a.text()},v1={a.hexadecimal()}"),
    "endless time": lambda a: a.request(header=f"t={'9' * a.chance.randint(12, 900)},v1={a.hexadecimal()}"),
    "digits of another script": lambda a: a.request(header=f"t=٣٣,v1={a.hexadecimal()}".encode()),
    "a hundred signatures": lambda a: a.request(header=f"t={a.now}," + ",".join(["v1=00"] * a.chance.randint(9, 120))),
    "old scheme": lambda a: a.request(header=f"t={a.now},v0={a.hexadecimal()}"),
    "short signature": lambda a: a.request(header=f"t={a.now},v1={a.hexadecimal(a.chance.randint(1, 63))}"),
    "signature beyond ASCII": lambda a: a.request(header=f"t={a.now},v1=".encode() + "é".encode() * 32),
    "long header": lambda a: a.request(header="x" * a.chance.randint(1025, 7000)),
    "signature of other bytes": lambda a: a.request(header=a.wrong(a.event())),
    "random header": lambda a: a.request(header=a.text()),
}
BODIES: dict[str, Make] = {
    "empty": lambda a: a.request(body=b""),
    "a number": lambda a: a.request(body=str(a.chance.random()).encode()),
    "deep list": lambda a: a.request(body=b"[" * a.chance.randint(1000, 100_000)),
    "deep object": lambda a: a.request(body=b'{"a":' * a.chance.randint(1000, 20_000)),
    "random bytes": lambda a: a.request(body=a.bytes()),
    "NUL and surrogates": lambda a: a.request(body=b'{"id": "evt_\\u0000", "type": "\\ud800"}' + b"\x00" * 9),
    "a form": lambda a: a.request(body=b"a=" + b"%00" * a.chance.randint(1, 500), more="Content-Encoding: gzip"),
    "cut event": lambda a: a.request(body=a.event()[: a.chance.randint(1, 80)]),
}
ADDRESSES: dict[str, Make] = {
    "unknown address": lambda a: a.request(path=f"/stripe/webhook/{UUID(int=a.chance.getrandbits(128))}/"),
    "malformed address": lambda a: a.request(path=f"/stripe/webhook/{a.hexadecimal(a.chance.randint(1, 40))}/"),
    "query": lambda a: a.request(path=f"{a.path}?%00=%ff&id={a.hexadecimal(20)}"),
    "other method": lambda a: a.request(method=a.chance.choice(["PUT", "PATCH", "DELETE", "OPTIONS", "GET"])),
    "forwarded for nobody": lambda a: a.request(more=f"X-Forwarded-For: {a.hexadecimal(9)}, 999.1.1.1, [::1"),
    "cookies": lambda a: a.request(more=f"Cookie: sessionid={a.hexadecimal(90)}; django_language=../../etc"),
    "language": lambda a: a.request(more="Accept-Language: " + "x-" * a.chance.randint(1, 300)),
}
ALONE: dict[str, Make] = {
    "another host": lambda a: a.request(more=f"Host: {a.hexadecimal(8)}.example"),
    "larger than allowed": lambda a: a.request(body=b" " * 20, length=str(a.chance.randint(OVERSIZE, 10**12))),
    "length no number": lambda a: a.request(length=a.chance.choice(["-5", "many", "9" * 500, "+7", "0x10"])),
    "ends too early": lambda a: a.request(body=a.event(), length=str(a.chance.randint(1000, 100_000))),
    "broken chunks": lambda a: _chunked(a, b"zz\r\n" + a.bytes(200)),
    "chunks": lambda a: _chunked(a, b"2\r\n{}\r\n0\r\n\r\n"),
    "control characters": lambda a: a.request(header=b"t=1\x00\x01,v1=\x7f"),
    "no HTTP": lambda a: a.bytes(300) + b"\r\n\r\n",
    "old HTTP": lambda a: a.request(version="HTTP/1.0", header=f"t={a.now},v1={a.hexadecimal()}"),
}
REUSABLE = {**SIGNATURES, **BODIES, **ADDRESSES}
SHAPES: dict[str, Make] = {**REUSABLE, **ALONE}
