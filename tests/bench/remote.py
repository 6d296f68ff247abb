"""A light stand-in of the provider: one process, one thread, the same latency for every call.

It speaks the provider's words well enough for an acceptance, counts what it was asked, and looks at nothing else: the
strict stand-in takes ten times as long for an answer, which on two cores would measure the stand-in.
`python -m tests.bench.remote PORT SECONDS`; `GET /state` tells what it saw.
"""

import asyncio
import hashlib
import json
import sys
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/El_Salvador")


class Seen:
    """What was asked: calls, different requests, and how many calls were under way at once at the most."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.calls = self.now = self.most = 0
        self.requests: set[bytes] = set()

    def state(self) -> dict[str, int]:
        return {"calls": self.calls, "documents": len(self.requests), "most_at_once": self.most}


class Connection(asyncio.Protocol):
    """One connection that is kept; one request after the other."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, end, body = self.read.partition(b"\r\n\r\n")
        if not end:
            return
        names = [line.partition(b":") for line in head.lower().split(b"\r\n")[1:]]
        fields = {name.strip(): value.strip() for name, _colon, value in names}
        length = int(fields.get(b"content-length", b"0"))
        if len(body) < length:
            return
        self.read = body[length:]
        closes = fields.get(b"connection") == b"close"
        if head.startswith(b"GET"):
            self.answer(self.seen.state(), closes=True)
            return
        seen = self.seen
        seen.calls += 1
        seen.now += 1
        seen.most = max(seen.most, seen.now)
        seen.requests.add(hashlib.sha256(body[:length]).digest())
        asyncio.get_running_loop().call_later(seen.latency, self.accept, seen.calls, closes)

    def accept(self, number: int, closes: bool) -> None:
        self.seen.now -= 1
        at = datetime.now(ZONE)
        data = {
            "codigoGeneracion": str(UUID(int=at.toordinal() << 64 | number)).upper(),
            "numeroControl": f"DTE-01-M001P001-{number:015d}",
            "selloRecibido": f"{at.year}{number:036X}",
            "estado": "PROCESADO",
            "fechaEmision": at.isoformat(timespec="seconds"),
            "observaciones": [],
        }
        self.answer({"success": True, "data": data}, closes=closes)

    def answer(self, content: object, *, closes: bool) -> None:
        body = json.dumps(content).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        ending = "Connection: close\r\n\r\n" if closes else "\r\n"
        self.transport.write((head + ending).encode() + body)
        if closes:
            self.transport.close()


async def serve(port: int, latency: float) -> None:
    seen = Seen(latency)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(seen), "127.0.0.1", port, backlog=512)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
