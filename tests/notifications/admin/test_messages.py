from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications.models import Message
from tests.factories.notifications import MessageFactory
from tests.factories.people import signed_in

pytestmark = pytest.mark.django_db
LIST = "/admin/notifications/message/"


@pytest.fixture
def client() -> Client:
    return signed_in("notifications.view_message", "notifications.resend_message")


def act(client: Client, action: str, message: Message, **fields: str) -> list[str]:
    data: dict[str, Any] = {"action": action, "_selected_action": [message.pk]}
    token = client.post(LIST, data).context["token"]
    answers = {f"confirm-{name}": value for name, value in fields.items()}
    page = client.post(LIST, {**data, **answers, "_confirmed": token}, follow=True)
    return [str(told) for told in page.context["messages"]]


def test_a_sent_message_is_sent_again_as_a_new_one(client: Client) -> None:
    first = MessageFactory.create(status="sent", created_at="2026-11-01T10:00:00Z")
    assert act(client, "send_again", first, reason="Lost.", recipient="other@example.com") == [f"{first}: queued"]
    assert list(Message.objects.order_by("number").values_list("number", "recipient", "status")) == [
        (1, first.recipient, "sent"),
        (2, "other@example.com", "queued"),
    ]


def test_a_message_on_its_way_is_not_doubled(client: Client) -> None:
    queued = MessageFactory.create(status="queued")
    assert act(client, "send_again", queued, reason="Impatient.") == [
        f"{queued}: refused. This message is already on its way."
    ]
    assert Message.objects.count() == 1


@pytest.mark.parametrize("action", ["try_again", "send_again", "arrived", "cancel"])
def test_looking_is_not_enough_to_act(action: str) -> None:
    message = MessageFactory.create(status="unknown")
    for rights in ([], ["notifications.view_message"], ["notifications.view_message", "smartbill.correct_document"]):
        page = signed_in(*rights).post(LIST, {"action": action, "_selected_action": [message.pk]})
        assert page.status_code == 403
    assert Client().post(LIST, {"action": action, "_selected_action": [message.pk]}).status_code == 302
    assert Message.objects.get().status == "unknown"
    assert not message.events.exists()


@pytest.mark.parametrize(
    ("action", "before", "after", "told"),
    [
        ("arrived", "unknown", "sent", "noted as sent"),
        ("cancel", "unknown", "cancelled", "given up"),
        ("cancel", "failed", "cancelled", "given up"),
        ("cancel", "queued", "cancelled", "given up"),
    ],
)
def test_a_person_closes_a_message_with_a_reason(
    client: Client, action: str, before: str, after: str, told: str
) -> None:
    message = MessageFactory.create(status=before)
    assert act(client, action, message, reason="She called.") == [f"{message}: {told}"]
    closed = Message.objects.get()
    assert (closed.status, closed.next_at) == (after, None)
    event = message.events.get()
    assert (event.name, event.detail, event.actor) == (after, "She called.", User.objects.get())


@pytest.mark.parametrize("action", ["arrived", "cancel"])
def test_a_message_is_not_closed_without_a_reason(client: Client, action: str) -> None:
    message = MessageFactory.create(status="unknown")
    assert act(client, action, message, reason=" ") == []
    assert Message.objects.get().status == "unknown"
    assert not message.events.exists()


@pytest.mark.parametrize(("action", "status"), [("arrived", "failed"), ("cancel", "sent")])
def test_a_message_in_another_state_is_not_closed(client: Client, action: str, status: str) -> None:
    message = MessageFactory.create(status=status)
    assert act(client, action, message, reason="Too late.") == [
        f"{message}: refused. This cannot be done while the message is “{message.get_status_display()}”."
    ]
    assert Message.objects.get().status == status
    assert not message.events.exists()


@pytest.mark.parametrize(
    ("status", "names"),
    [
        ("queued", {"cancel"}),
        ("sending", set()),
        ("sent", {"send_again"}),
        ("failed", {"try_again", "send_again", "cancel"}),
        ("unknown", {"try_again", "send_again", "arrived", "cancel"}),
        ("cancelled", {"send_again"}),
    ],
)
def test_each_state_has_its_buttons(client: Client, status: str, names: set[str]) -> None:
    page = client.get(f"{LIST}{MessageFactory.create(status=status).pk}/change/")
    assert {button.name for button in page.context["buttons"]} == names


def test_the_page_shows_the_text_and_never_runs_it(client: Client) -> None:
    message = MessageFactory.create(
        body_text="<script>alert(1)</script>", body_html="<script>alert(2)</script>", last_error="<b>550</b>"
    )
    text = client.get(f"{LIST}{message.pk}/change/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "<b>550" not in text


def test_the_queries_of_the_list_do_not_grow(client: Client, django_assert_num_queries: Any) -> None:
    MessageFactory.create()
    with django_assert_num_queries(6):
        client.get(LIST)
    MessageFactory.create_batch(60)
    with django_assert_num_queries(6):
        client.get(LIST)


def test_failed_mails_stand_on_the_desk(client: Client) -> None:
    MessageFactory.create_batch(2, status="failed")
    card = client.get("/admin/").context["urgent"][0]
    assert (str(card.problem.label), card.count) == ("Mails failed", 2)
    assert len(client.get(card.url).context["cl"].result_list) == 2
