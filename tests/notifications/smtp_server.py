"""A mail server on loopback that can be told to misbehave at each step of the conversation."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What the server took, and how it answers: `replies` maps a step to its line, or to None for hanging up."""

    port: int = 0
    replies: dict[str, str | None] = field(default_factory=dict)
    accepted: list[bytes] = field(default_factory=list)


class Conversation(socketserver.StreamRequestHandler):
    mailbox: Mailbox

    def handle(self) -> None:
        if not self.say("greet", "220 mail.example"):
            return
        while line := self.rfile.readline():
            if not self.answer(line.decode().strip().upper()):
                return

    def answer(self, line: str) -> bool:
        verb = line.split(":")[0].split()[0]
        if verb == "DATA":
            return self.take_mail()
        if verb == "QUIT":
            self.say("quit", "221 bye")
            return False
        return self.say({"MAIL": "from", "RCPT": "to"}.get(verb, verb.lower()), "250 ok")

    def take_mail(self) -> bool:
        if not self.say("data", "354 go ahead"):
            return False
        if not self.mailbox.replies.get("data", "354").startswith("354"):
            return True
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        reply = self.mailbox.replies.get("end", "250 taken")
        if reply is None or reply.startswith("2"):
            self.mailbox.accepted.append(b"".join(lines))
        return self.say("end", "250 taken")

    def say(self, step: str, usual: str) -> bool:
        reply = self.mailbox.replies.get(step, usual)
        if reply is None:
            return False
        self.wfile.write(f"{reply}\r\n".encode())
        return True


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def serve() -> Iterator[Mailbox]:
    """Serve until the block ends."""
    mailbox = Mailbox()
    handler = type("Handler", (Conversation,), {"mailbox": mailbox})
    with Server(("127.0.0.1", 0), handler) as server:
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
