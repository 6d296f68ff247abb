from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications.models import Message
from smartbill.lifecycle import STAGES, Status
from smartbill.models import Document
from smartbill.services.link import live_link
from tests.factories.documents import make_attempt, make_document
from tests.factories.people import signed_in
from tests.factories.smartbill import ApiKeyFactory
from tests.flows.engine import issuer_with_keys

pytestmark = pytest.mark.django_db
LIST = "/admin/smartbill/document/"
RIGHTS = {
    "send": "smartbill.submit_document",
    "correct": "smartbill.correct_document",
    "found": "smartbill.resolve_unknown",
    "not_issued": "smartbill.resolve_unknown",
    "look_up": "smartbill.submit_document",
    "retry_contingency": "smartbill.submit_document",
    "resend_mail": "notifications.resend_message",
    "withdraw_link": "notifications.resend_message",
    "invalidate": "smartbill.invalidate_document",
    "abandon": "smartbill.correct_document",
}
STATES = {
    "send": Status.READY,
    "correct": Status.HELD,
    "found": Status.UNKNOWN,
    "not_issued": Status.UNKNOWN,
    "look_up": Status.INVALIDATION_UNKNOWN,
    "retry_contingency": Status.CONTINGENCY,
    "resend_mail": Status.STAMPED,
    "withdraw_link": Status.STAMPED,
    "invalidate": Status.STAMPED,
    "abandon": Status.HELD,
}


def clerk(action: str) -> Client:
    return signed_in("smartbill.view_document", RIGHTS[action])


def ask(client: Client, action: str, *documents: Document) -> Any:
    return client.post(LIST, {"action": action, "index": "0", "_selected_action": [row.pk for row in documents]})


def act(client: Client, action: str, *documents: Document, **fields: str) -> list[str]:
    """Ask, answer as the form would, and return what was told for each row."""
    token = ask(client, action, *documents).context["token"]
    data: dict[str, Any] = {"action": action, "_selected_action": [row.pk for row in documents], "_confirmed": token}
    page = client.post(LIST, data | {f"confirm-{name}": value for name, value in fields.items()}, follow=True)
    return [str(message) for message in page.context["messages"]]


def state_of(document: Document) -> str:
    return Document.objects.get(pk=document.pk).status


def test_every_action_of_every_state_is_a_button_and_no_other() -> None:
    client = signed_in(is_superuser=True)
    for status, stage in STAGES.items():
        page = client.get(f"{LIST}{make_document(status).pk}/change/")
        assert {button.name for button in page.context["buttons"]} == set(stage.actions)


@pytest.mark.parametrize("action", RIGHTS)
def test_the_right_is_needed_to_ask(action: str) -> None:
    document = make_document(STATES[action])
    wrong = [right for right in RIGHTS.values() if right != RIGHTS[action]]
    assert ask(Client(), action, document).status_code == 302
    for rights in ([], ["smartbill.view_document"], ["smartbill.view_document", *wrong]):
        assert ask(signed_in(*rights), action, document).status_code == 403
    page = ask(clerk(action), action, document)
    assert (page.status_code, page.templates[0].name) == (200, "admin/confirm.html")
    assert state_of(document) == STATES[action]


@pytest.mark.parametrize("action", RIGHTS)
def test_the_question_names_customer_amount_and_mode(action: str) -> None:
    text = ask(clerk(action), action, make_document(STATES[action], total=Decimal("1248.5"))).content.decode()
    for part in ("Ana López", "1,248.50 USD", "badge-test"):
        assert part in text


@pytest.mark.parametrize("action", ["not_issued", "invalidate", "abandon", "correct", "resend_mail", "withdraw_link"])
def test_what_cannot_be_undone_asks_for_a_reason(action: str) -> None:
    document = make_document(STATES[action])
    assert act(clerk(action), action, document, reason="") == []
    assert state_of(document) == STATES[action]
    assert Message.objects.count() == 0


def test_each_row_has_its_own_outcome() -> None:
    ready, held = make_document(Status.READY), make_document(Status.HELD)
    told = act(clerk("send"), "send", ready, held)
    assert sorted(told) == sorted(
        [
            f"{ready} · Ana López · 113.00 USD: queued to be sent",
            f"{held} · Ana López · 113.00 USD: refused. This cannot be done while the document is “Held”.",
        ]
    )


def test_the_question_marks_the_rows_that_will_be_refused() -> None:
    page = ask(clerk("send"), "send", make_document(Status.READY), make_document(Status.HELD))
    assert page.content.decode().count("will be refused in this state") == 1


def test_an_invalidation_is_queued_with_actor_and_reason() -> None:
    document = make_document(Status.STAMPED)
    ApiKeyFactory.create(issuer=document.issuer)
    client = clerk("invalidate")
    assert act(client, "invalidate", document, reason="Refunded.")[0].endswith("invalidation queued")
    event = document.events.get()
    assert (event.after, event.reason, event.actor) == (Status.INVALIDATING, "Refunded.", User.objects.get())


def test_an_invalidation_without_a_key_is_refused_in_words() -> None:
    document = make_document(Status.STAMPED)
    assert act(clerk("invalidate"), "invalidate", document, reason="Refunded.") == [
        f"{document} · Ana López · 113.00 USD: refused. The issuer has no usable API key."
    ]
    assert state_of(document) == Status.STAMPED


def test_a_double_click_sends_one_mail() -> None:
    document = make_document(Status.STAMPED)
    client = clerk("resend_mail")
    page = ask(client, "resend_mail", document)
    data = {"action": "resend_mail", "_selected_action": [document.pk], "_confirmed": page.context["token"]}
    for _click in range(2):
        client.post(LIST, {**data, "confirm-reason": "Lost."})
        Message.objects.update(status="sent")
    assert Message.objects.count() == 1


def test_a_mail_goes_to_another_address_when_one_is_given() -> None:
    document = make_document(Status.STAMPED)
    act(clerk("resend_mail"), "resend_mail", document, reason="Moved.", recipient="new@example.com")
    assert Message.objects.get().recipient == "new@example.com"


def test_a_withdrawn_link_is_gone_and_the_next_mail_makes_a_new_one() -> None:
    document = make_document(Status.STAMPED)
    token = live_link(document).token
    assert Client().get(f"/d/{token}/").status_code == 200
    client = clerk("withdraw_link")
    assert act(client, "withdraw_link", document, reason="Sent to a stranger.") == [
        f"{document} · Ana López · 113.00 USD: link withdrawn"
    ]
    assert Client().get(f"/d/{token}/").status_code == 410
    event = document.events.get()
    assert (event.reason, event.actor) == ("Customer's link withdrawn: Sent to a stranger.", User.objects.get())
    assert not document.has_link
    act(client, "resend_mail", document, reason="With a new address.")
    link = Message.objects.get().context["link"]
    assert token not in link
    assert Client().get(link).status_code == 200


def test_the_link_can_be_withdrawn_only_where_there_is_one() -> None:
    client = clerk("withdraw_link")
    page = f"{LIST}{make_document(Status.STAMPED).pk}/change/"
    assert "withdraw_link" not in {button.name for button in client.get(page).context["buttons"]}
    live_link(Document.objects.get())
    assert "withdraw_link" in {button.name for button in client.get(page).context["buttons"]}
    linkless = make_document(Status.STAMPED)
    assert act(client, "withdraw_link", linkless, reason="Leaked.") == [
        f"{linkless} · Ana López · 113.00 USD: refused. The document has no link that could be withdrawn."
    ]
    assert not linkless.events.exists()


def test_a_link_stays_where_the_reason_is_missing() -> None:
    document = make_document(Status.STAMPED)
    live_link(document)
    assert act(clerk("withdraw_link"), "withdraw_link", document, reason=" ") == []
    assert document.has_link
    assert not document.events.exists()


def test_abandoning_ends_a_held_document() -> None:
    document = make_document(Status.HELD)
    act(clerk("abandon"), "abandon", document, reason="Paid twice.")
    assert state_of(document) == Status.ABANDONED


def test_a_stamp_is_asked_for_at_once() -> None:
    document = make_document(Status.CONTINGENCY, next_at=None)
    told = act(clerk("retry_contingency"), "retry_contingency", document)
    assert told[0].endswith("question for the stamp queued")
    assert Document.objects.get().next_at is not None
    assert state_of(document) == Status.CONTINGENCY


def test_an_invalidation_in_doubt_is_looked_up() -> None:
    document = make_document(Status.INVALIDATION_UNKNOWN, next_at=None)
    assert act(clerk("look_up"), "look_up", document)[0].endswith("look-up queued")
    assert Document.objects.get().next_at is not None


def test_a_document_that_was_not_issued_is_sent_again_after_the_quiet_period(
    time_machine: Any, smartbill_sandbox: Any
) -> None:
    time_machine.move_to("2026-11-21 10:00:00+00:00")
    document = make_document(Status.UNKNOWN, issuer=issuer_with_keys())
    make_attempt(document, outcome="unknown", api_key=document.issuer.api_keys.get(role="manager"))
    time_machine.move_to("2026-11-21 10:30:00+00:00")
    assert act(clerk("not_issued"), "not_issued", document, reason="Not at the provider.")[0].endswith("sent again")
    assert state_of(document) == Status.READY


@pytest.mark.parametrize("code", ["", "nonsense", "4E1F0A2B-AAAA-4BBB-8CCC-0123456789A"])
def test_a_code_must_look_like_one(code: str) -> None:
    document = make_document(Status.UNKNOWN)
    make_attempt(document, outcome="unknown")
    assert act(clerk("found"), "found", document, code=code) == []
    assert document.readings.count() == 0


@pytest.mark.parametrize("action", ["correct", "found"])
def test_what_is_answered_for_one_document_refuses_several(action: str) -> None:
    client = clerk(action)
    response = ask(client, action, make_document(STATES[action]), make_document(STATES[action]))
    page = client.get(response["Location"])
    assert [str(message) for message in page.context["messages"]] == [
        "Choose one row: this is asked for each by itself."
    ]
