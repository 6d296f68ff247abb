"""The container's health: the web process alone decides it, and each look is a look at the worker."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from config import healthcheck


class Web(HTTPServer):
    """A web server that answers as it is told and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses = {"/healthz": 200, "/readyz/worker": 200}
        self.asked: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Host"]))
        self.send_response(self.server.statuses[self.path])
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    web = Web()
    monkeypatch.setenv("PORT", str(web.server_port))
    monkeypatch.setenv("ALLOWED_HOSTS", ".billing.example,other.example")
    Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield web
    web.shutdown()
    web.server_close()


def test_a_web_process_that_answers_is_healthy_whatever_the_worker_does(web: Web) -> None:
    assert healthcheck.main() == 0
    web.statuses["/readyz/worker"] = 503
    assert healthcheck.main() == 0


def test_each_look_is_a_look_at_the_worker(web: Web) -> None:
    healthcheck.main()
    assert web.asked == [("/healthz", "billing.example"), ("/readyz/worker", "billing.example")]


def test_one_that_answers_with_an_error_or_not_at_all_is_not(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.statuses["/healthz"] = 500
    assert healthcheck.main() == 1
    monkeypatch.setenv("PORT", "1")
    assert healthcheck.main() == 1
