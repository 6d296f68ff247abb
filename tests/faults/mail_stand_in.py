"""A mail provider on loopback, in Resend's words, and the oracle of what was accepted for delivery.

A repeated key gets the first answer and no second mail; without a key every request is a mail
(resend.com/docs/dashboard/emails/idempotency-keys). After it has accepted, it may lose its answer on purpose.
"""

import hashlib
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class Post:
    """What was accepted: by key, and in all by the Message-ID of the mail."""

    first_answers: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    lost: int = 0
    seconds: float = 0.0
    lose: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(5))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def accept(self, key: str, body: bytes) -> tuple[int, bytes]:
        """Take a mail, or recognise a repeated request; return status and answer."""
        digest = hashlib.sha256(body).hexdigest()
        with self.lock:
            self.requests += 1
            if key and key in self.first_answers:
                first, answer = self.first_answers[key]
                return (200, answer) if first == digest else (409, b'{"name": "invalid_idempotent_request"}')
            self.accepted[json.loads(body)["headers"]["Message-ID"]] += 1
            answer = json.dumps({"id": f"mail-{self.requests}"}).encode()
            if key:
                self.first_answers[key] = (digest, answer)
            return 200, answer

    def loses_its_answer(self) -> bool:
        with self.lock:
            lost = self.chance.random() < self.lose
            self.lost += lost
        return lost

    def shown(self) -> dict[str, Any]:
        with self.lock:
            return {"accepted": dict(self.accepted), "requests": self.requests, "lost": self.lost}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    post: Post

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/_sandbox/plan":
            for name, value in json.loads(body).items():
                setattr(self.post, name, value)
            self._answer(200, b"{}")
            return
        status, answer = self.post.accept(self.headers.get("Idempotency-Key", ""), body)
        time.sleep(self.post.seconds)
        if status == 200 and self.post.loses_its_answer():
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.connection.close()
            return
        self._answer(status, answer)

    def do_GET(self) -> None:
        self._answer(200, json.dumps(self.post.shown()).encode())

    def _answer(self, status: int, content: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the counters are the record."""


def serve(port: int) -> None:
    """Serve until the process is killed."""
    handler = type("MailHandler", (Handler,), {"post": Post()})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        server.daemon_threads = True
        server.serve_forever(poll_interval=0.05)
