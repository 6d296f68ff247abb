"""Posts to webhooks: over real HTTP, tried again, given up, and never more than the alert says."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils.timezone import now

from notifications.models import Alert, AlertRoute, AlertWebhook, WebhookPost
from notifications.services import send_posts
from notifications.services.alert import raise_alert, resolve_alert
from notifications.services.send_posts import PAUSES, send_due_posts
from notifications.tasks import drain_webhook_posts

pytestmark = pytest.mark.django_db
BREAKER: dict[str, str] = {"kind": "breaker_open", "key": "acme-sv"}


class Chat(ThreadingHTTPServer):
    """Takes what webhooks are told, and answers as the test wants."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Ear)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hooks/T0/secret-part?x=1"


class Ear(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.told.append({"path": self.path, "type": self.headers["Content-Type"], "body": body})
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def chat() -> Iterator[Chat]:
    server = Chat()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def webhook(chat: Chat) -> AlertWebhook:
    made: AlertWebhook = AlertWebhook.objects.create(name="Ops chat", url=chat.url, url_last4="?x=1")
    AlertRoute.objects.create(kind="breaker_open", webhook=made)
    return made


def make_due() -> None:
    WebhookPost.objects.filter(status="queued").update(next_at=now())


def texts(chat: Chat) -> list[str]:
    return [each["body"]["text"] for each in chat.told]


def test_an_episode_is_told_when_it_begins_and_when_it_is_over_once_each(chat: Chat, webhook: AlertWebhook) -> None:
    for _each in range(3):
        raise_alert(**BREAKER, context={"issuer": "acme-sv"})
    drain_webhook_posts()
    resolve_alert(**BREAKER)
    resolve_alert(**BREAKER)
    drain_webhook_posts()
    began, over = texts(chat)
    alert = Alert.objects.get()
    assert began.splitlines()[0] == "[Sello TEST] Sending is stopped for an account: acme-sv"
    assert over.splitlines()[0] == "[Sello TEST] Over: Sending is stopped for an account: acme-sv"
    assert began.splitlines()[-1] == alert.page_url()
    assert (chat.told[0]["path"], chat.told[0]["type"]) == ("/hooks/T0/secret-part?x=1", "application/json")
    assert set(chat.told[0]["body"]) == {"text"}
    assert (alert.told, set(WebhookPost.objects.values_list("status", flat=True))) == (1, {"sent"})


def test_another_kind_is_not_told_there_and_every_kind_is_where_the_route_names_none(
    chat: Chat, webhook: AlertWebhook
) -> None:
    raise_alert(kind="dead_letters", key="events")
    assert not WebhookPost.objects.exists()
    AlertRoute.objects.create(webhook=webhook)
    raise_alert(kind="unknown_old", key="document:1")
    raise_alert(**BREAKER)
    assert list(WebhookPost.objects.order_by("id").values_list("alert__kind", flat=True)) == [
        "unknown_old",
        "breaker_open",
    ]


@pytest.mark.parametrize("answer", [(500, {}), (503, {}), (429, {"Retry-After": "1"}), (408, {})])
def test_what_is_not_taken_is_tried_again(chat: Chat, webhook: AlertWebhook, answer: Any) -> None:
    chat.answers = [answer]
    raise_alert(**BREAKER)
    assert send_due_posts() == 0
    post = WebhookPost.objects.get()
    assert (post.status, post.attempts, post.last_error) == ("queued", 1, f"HTTP {answer[0]}")
    assert send_due_posts() == 0
    make_due()
    assert send_due_posts() == 1
    assert len(chat.told) == 2


def test_how_long_it_asks_to_be_left_alone_is_kept(chat: Chat, webhook: AlertWebhook) -> None:
    chat.answers = [(429, {"Retry-After": "600"})]
    raise_alert(**BREAKER)
    send_due_posts()
    wait = WebhookPost.objects.get().next_at - now()
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)


@pytest.mark.parametrize("answer", [(404, {}), (410, {}), (400, {}), (302, {"Location": "http://127.0.0.1:1/"})])
def test_what_is_refused_is_given_up_and_no_redirect_is_followed(
    chat: Chat, webhook: AlertWebhook, answer: Any
) -> None:
    chat.answers = [answer]
    raise_alert(**BREAKER)
    send_due_posts()
    post = WebhookPost.objects.get()
    assert (post.status, post.next_at, len(chat.told)) == ("failed", None, 1)
    assert post.last_error.startswith(f"HTTP {answer[0]}")


def test_after_the_last_pause_it_is_given_up(chat: Chat, webhook: AlertWebhook) -> None:
    chat.answers = [(500, {})] * 20
    raise_alert(**BREAKER)
    for _each in range(len(PAUSES) + 3):
        make_due()
        send_due_posts()
    post = WebhookPost.objects.get()
    assert (post.status, post.attempts, len(chat.told)) == ("failed", len(PAUSES) + 1, len(PAUSES) + 1)


def test_nobody_there_is_tried_again_and_the_error_keeps_the_secret(chat: Chat, webhook: AlertWebhook) -> None:
    chat.server_close()
    chat.shutdown()
    raise_alert(**BREAKER)
    send_due_posts()
    post = WebhookPost.objects.get()
    assert (post.status, post.last_error.split(":")[0]) == ("queued", "127.0.0.1")
    assert "secret" not in post.last_error


def test_an_end_is_never_told_before_its_beginning(chat: Chat, webhook: AlertWebhook) -> None:
    chat.answers = [(500, {})]
    raise_alert(**BREAKER)
    send_due_posts()
    resolve_alert(**BREAKER)
    assert send_due_posts() == 0
    assert len(chat.told) == 1
    WebhookPost.objects.filter(moment="raised").update(next_at=now())
    assert send_due_posts() == 1
    make_due()
    assert send_due_posts() == 1
    assert [" Over: " in text for text in texts(chat)] == [False, False, True]


def test_a_sender_that_died_leaves_its_post_to_the_next_one(
    chat: Chat, webhook: AlertWebhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_args: Any, **_fields: Any) -> None:
        raise KeyboardInterrupt

    raise_alert(**BREAKER)
    with monkeypatch.context() as patch:
        patch.setattr(send_posts, "post_text", die)
        with pytest.raises(KeyboardInterrupt):
            send_due_posts()
    assert send_due_posts() == 0
    make_due()
    assert send_due_posts() == 1


def test_a_late_sender_does_not_overwrite_what_the_next_one_wrote(chat: Chat, webhook: AlertWebhook) -> None:
    raise_alert(**BREAKER)
    late = send_posts._claim(now())
    assert late is not None
    make_due()
    assert send_due_posts() == 1
    chat.answers = [(404, {})]
    send_posts.send_claimed_post(late)
    assert WebhookPost.objects.get().status == "sent"


def test_a_webhook_that_was_switched_off_gets_nothing(chat: Chat, webhook: AlertWebhook) -> None:
    raise_alert(**BREAKER)
    AlertWebhook.objects.update(enabled=False)
    send_due_posts()
    assert (chat.told, WebhookPost.objects.get().status) == ([], "failed")
    raise_alert(kind="breaker_open", key="other")
    assert WebhookPost.objects.count() == 1


def test_each_webhook_reads_its_own_language(chat: Chat, webhook: AlertWebhook) -> None:
    AlertWebhook.objects.update(language="es")
    raise_alert(kind="breaker_open", key="acme-sv")
    send_due_posts()
    assert "Sending is stopped" not in texts(chat)[0]


@pytest.mark.parametrize("kind", ["breaker_open", "unknown_old", "dead_letters", "worker_absent", "approval_waiting"])
def test_nothing_personal_and_nothing_that_people_typed_leaves(chat: Chat, webhook: AlertWebhook, kind: str) -> None:
    AlertRoute.objects.create(webhook=webhook)
    typed = "Ana López ana@shop.example 0614-010190-101-2 06140101901012 01234567-8 012345678"
    context = {
        "name": "Sale <!channel> ana@shop.example 0614-010190-101-2 06140101901012 04567890-1 @here",
        "why": typed,
        "reason": typed,
        "error": typed,
        "rule": typed,
        "amount": "113.00 USD",
        "customer": typed,
        "count": 3,
        "since": "2026-11-22 10:00 UTC",
    }
    raise_alert(kind=kind, key="1", context=context)
    resolve_alert(kind=kind, key="1", context={"reason": typed})
    send_due_posts()
    make_due()
    send_due_posts()
    assert len(chat.told) == 2
    for text in texts(chat):
        for secret in (
            "Ana",
            "López",
            "@",
            "shop.example",
            "0614",
            "1012",
            "0123456",
            "0456",
            "113.00",
            "<",
            "!channel>",
        ):
            assert secret not in text.replace(Alert.objects.get().page_url(), ""), text
    assert "3" in texts(chat)[0]
    assert "2026-11-22 10:00 UTC" in texts(chat)[0]


def test_a_storm_is_a_storm_for_webhooks_as_well(webhook: AlertWebhook) -> None:
    for number in range(13):
        raise_alert(kind="breaker_open", key=f"account:{number}")
    assert (Alert.objects.open().count(), WebhookPost.objects.count()) == (13, 10)
