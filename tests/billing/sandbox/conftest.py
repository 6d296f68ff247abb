"""What the tests of the Stripe stand-in share."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Receiver(ThreadingHTTPServer):
    """A webhook endpoint that keeps what arrives and answers with the statuses it was given, then 200."""

    daemon_threads = True

    def __init__(self):
        self.arrived = []
        self.statuses = []
        super().__init__(("127.0.0.1", 0), _Door)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/stripe/webhook/"


class _Door(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.arrived.append((self.headers["Stripe-Signature"], body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        """Nothing: the test looks at `arrived`."""


@pytest.fixture
def receiver(stripe_sandbox, shop):
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    shop.control("webhook", url=server.url, secret="whsec_test")
    yield server
    stripe_sandbox.world.deliveries.stop()
    server.shutdown()
    thread.join()
    server.server_close()
