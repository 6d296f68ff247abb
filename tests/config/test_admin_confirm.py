import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from config.admin import confirm as confirm_pages
from config.jobs import freeze
from config.models import Job, UsedConfirmation
from notifications.models import Message
from tests.factories.documents import make_document
from tests.factories.notifications import MessageFactory
from tests.factories.people import signed_in
from tests.factories.smartbill import IssuerFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/notifications/message/"
RIGHTS = ("notifications.view_message", "notifications.resend_message")


@pytest.fixture
def client() -> Client:
    return signed_in(*RIGHTS)


def ask(client: Client, *messages: Message, **extra: str) -> Any:
    return client.post(
        LIST, {"action": "try_again", "index": "0", "_selected_action": [row.pk for row in messages], **extra}
    )


def confirm(
    client: Client, page: Any, *messages: Message, reason: str = "The address works again.", **extra: str
) -> Any:
    """Answer the confirmation page as its own form would."""
    token = page.context["token"]
    fields = {"action": "try_again", "_selected_action": [row.pk for row in messages], "_confirmed": token}
    return client.post(LIST, {**fields, "confirm-reason": reason, **extra}, follow=True)


def outcomes(page: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in page.context["messages"]]


def test_the_question_names_everyone_concerned_and_changes_nothing(client: Client) -> None:
    first, second = MessageFactory.create_batch(2, status="failed")
    page = ask(client, first, second)
    text = page.content.decode()
    assert page.status_code == 200
    assert first.recipient in text
    assert second.recipient in text
    assert "The message goes back into the queue. If it left after all, the customer gets it twice." in text
    assert list(Message.objects.values_list("status", flat=True)) == ["failed", "failed"]


def test_the_answer_acts_on_each_row_and_tells_each_outcome(client: Client) -> None:
    failed, sent = MessageFactory.create(status="failed"), MessageFactory.create(status="sent")
    page = confirm(client, ask(client, failed, sent), failed, sent)
    assert outcomes(page) == [
        ("warning", f"{sent}: refused. This cannot be done while the message is “Sent”."),
        ("success", f"{failed}: queued again"),
    ]
    assert Message.objects.get(pk=failed.pk).status == "queued"
    assert Message.objects.get(pk=sent.pk).status == "sent"


def test_a_defect_in_one_row_does_not_stop_the_others(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = MessageFactory.create_batch(2, status="failed")
    original = Message.move_to

    def move_to(message: Message, *args: Any, **kwargs: Any) -> None:
        if message.pk == second.pk:
            raise RuntimeError("secret detail")
        original(message, *args, **kwargs)

    monkeypatch.setattr(Message, "move_to", move_to)
    told = outcomes(confirm(client, ask(client, first, second), first, second))
    assert told == [
        ("error", f"{second}: failed by a defect of ours, which was logged. The other rows were not affected."),
        ("success", f"{first}: queued again"),
    ]


def test_a_double_submit_acts_once(client: Client) -> None:
    message = MessageFactory.create(status="failed")
    page = ask(client, message)
    confirm(client, page, message)
    Message.objects.update(status="failed")
    told = outcomes(confirm(client, page, message))
    assert told == [("info", "This was confirmed before; it was done once and not a second time.")]
    assert Message.objects.get().status == "failed"
    assert UsedConfirmation.objects.count() == 1


def test_without_a_reason_it_asks_again_and_nothing_happens(client: Client) -> None:
    message = MessageFactory.create(status="failed")
    page = confirm(client, ask(client, message), message, reason="  ")
    assert page.context["form"].errors == {"reason": ["This field is required."]}
    assert Message.objects.get().status == "failed"
    assert UsedConfirmation.objects.count() == 0


@pytest.mark.parametrize("token", ["", "x", "eyJ4IjoxfQ:1:abc"])
def test_a_forged_token_asks_again_and_nothing_happens(client: Client, token: str) -> None:
    message = MessageFactory.create(status="failed")
    ask(client, message)
    page = confirm(client, ask(client, message), message, _confirmed=token)
    assert page.templates[0].name == "admin/confirm.html"
    assert Message.objects.get().status == "failed"


def test_a_token_for_other_rows_asks_again_and_nothing_happens(client: Client) -> None:
    shown, smuggled = MessageFactory.create_batch(2, status="failed")
    page = confirm(client, ask(client, shown), smuggled)
    assert outcomes(page) == [
        ("warning", "This page was too old or about something else. Please look again and confirm.")
    ]
    assert set(Message.objects.values_list("status", flat=True)) == {"failed"}


def test_the_token_of_another_person_is_worth_nothing(client: Client) -> None:
    message = MessageFactory.create(status="failed")
    page = ask(signed_in(*RIGHTS), message)
    assert outcomes(confirm(client, page, message))[0][0] == "warning"
    assert Message.objects.get().status == "failed"


def test_an_old_question_is_asked_again(client: Client, time_machine: Any) -> None:
    time_machine.move_to("2026-11-21 10:00:00+00:00")
    message = MessageFactory.create(status="failed")
    page = ask(client, message)
    time_machine.move_to("2026-11-21 11:00:02+00:00")
    assert outcomes(confirm(client, page, message))[0][0] == "warning"
    assert Message.objects.get().status == "failed"


def test_more_than_a_hundred_rows_of_what_is_not_bulk_work_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirm_pages, "MOST_ROWS", 2)
    issuer = IssuerFactory.create()
    rows = [make_document("unknown", issuer=issuer) for _each in range(3)]
    client = signed_in("smartbill.view_document", "smartbill.resolve_unknown")
    for across in ({}, {"select_across": "1"}):
        asked = {"action": "not_issued", "index": "0", "_selected_action": [row.pk for row in rows], **across}
        response = client.post("/admin/smartbill/document/", asked)
        assert outcomes(client.get(response["Location"])) == [("warning", "Choose at most 2 rows at a time.")]
    assert not Job.objects.exists()


def test_more_rows_than_a_job_may_have_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirm_pages, "FEW_ROWS", 1)
    monkeypatch.setattr(freeze, "MOST_ROWS", 2)
    response = ask(client, *MessageFactory.create_batch(3, status="failed"))
    assert outcomes(client.get(response["Location"])) == [("warning", "Choose at most 2 rows at a time.")]
    assert not Job.objects.exists()


@pytest.mark.parametrize("rights", [(), ("notifications.view_message",), ("smartbill.submit_document",)])
def test_without_the_right_nothing_is_asked_and_nothing_done(rights: tuple[str, ...]) -> None:
    message = MessageFactory.create(status="failed")
    assert ask(signed_in(*rights), message).status_code == 403
    assert Message.objects.get().status == "failed"


def test_a_stranger_is_sent_to_the_login() -> None:
    message = MessageFactory.create(status="failed")
    response = ask(Client(), message)
    assert (response.status_code, response["Location"].split("?")[0]) == (302, "/account/login/")
    assert Message.objects.get().status == "failed"


def test_a_link_changes_nothing(client: Client) -> None:
    message = MessageFactory.create(status="failed")
    page = ask(client, message)
    query = {"action": "try_again", "_selected_action": message.pk, "_confirmed": page.context["token"]}
    client.get(LIST, {**query, "confirm-reason": "by link"})
    assert Message.objects.get().status == "failed"


def test_the_outcome_is_told_where_the_person_came_from(client: Client) -> None:
    message = MessageFactory.create(status="failed")
    from_page = confirm(client, ask(client, message, _page="1"), message, _page="1")
    assert from_page.redirect_chain == [(f"{LIST}{message.pk}/change/", 302)]
    Message.objects.update(status="failed", lease_until=None)
    from_list = confirm(client, ask(client, message), message, _list="problem=failed")
    assert from_list.redirect_chain == [(f"{LIST}?problem=failed", 302)]


def test_the_way_back_never_leaves_the_site(client: Client) -> None:
    message = MessageFactory.create(status="failed")
    page = confirm(client, ask(client, message), message, _list="//evil.example/?x=1\r\nSet-Cookie: a=b")
    (address, _status) = page.redirect_chain[0]
    assert address.startswith(f"{LIST}?")
    assert "\r" not in address


def test_what_a_customer_typed_is_shown_as_text(client: Client) -> None:
    message = MessageFactory.create(status="failed", subject="<script>alert(1)</script>")
    text = ask(client, message).content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_row_that_is_gone_is_told(client: Client) -> None:
    response = client.post(LIST, {"action": "try_again", "index": "0", "_selected_action": ["999"]})
    assert outcomes(client.get(response["Location"])) == [("warning", "None of the chosen rows exists any more.")]


def test_the_page_of_a_row_offers_what_its_state_allows(client: Client) -> None:
    def offered(status: str) -> list[str]:
        message = MessageFactory.create(status=status)
        return [button.name for button in client.get(f"{LIST}{message.pk}/change/").context["buttons"]]

    assert offered("failed") == ["try_again", "send_again", "cancel"]
    assert offered("queued") == ["cancel"]
    assert offered("sending") == []


def test_the_page_of_a_row_says_which_right_is_missing() -> None:
    message = MessageFactory.create(status="failed")
    page = signed_in("notifications.view_message").get(f"{LIST}{message.pk}/change/").content.decode()
    assert "Needs the right “Can send a message again”, which you do not have." in page
    assert not re.search(r'name="action" value="try_again"', page)


def test_used_confirmations_are_cleared_away(client: Client, time_machine: Any) -> None:
    time_machine.move_to("2026-11-21 10:00:00+00:00")
    message = MessageFactory.create(status="failed")
    confirm(client, ask(client, message), message)
    time_machine.move_to("2026-11-21 13:00:00+00:00")
    Message.objects.update(status="failed", lease_until=None)
    confirm(client, ask(client, message), message)
    assert UsedConfirmation.objects.count() == 1
    assert LogEntry.objects.count() == 0
