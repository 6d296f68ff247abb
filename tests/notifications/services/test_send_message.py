from datetime import timedelta
from email import message_from_bytes, policy

import pytest
import time_machine
from django.core.mail.backends.smtp import EmailBackend
from django.utils.timezone import now

from notifications.answers import Meaning
from notifications.backends.files import FileBackend
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.services import send_message as module
from notifications.services.send_message import claim_message, send_claimed_message
from notifications.services.sweep_messages import sweep_overdue_messages
from notifications.tasks import drain_messages, sweep_messages
from tests.factories.notifications import DOCUMENT_ISSUED, MessageFactory

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The end of the process: no handler of ours may see it."""


def events(message):
    return [event.name for event in message.events.all()]


def run_until_settled(times=8):
    """Let time pass: every lease ends, every delay is over, every drain rings."""
    for step in range(1, times + 1):
        with time_machine.travel(now() + timedelta(hours=5 * step), tick=False):
            sweep_messages()
            drain_messages()


def test_a_due_message_reaches_the_server_once(mailbox):
    message = MessageFactory()
    drain_messages()
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.lease_until, message.next_at) == (Status.SENT, 1, None, None)
    assert message.provider_message_id == f"<{message.key}@seller.example>"
    assert events(message) == ["sending", "sent"]
    assert len(mailbox.accepted) == 1
    mail = message_from_bytes(mailbox.accepted[0], policy=policy.default)
    assert mail["To"] == message.recipient
    assert mail["From"] == "Billing <billing@seller.example>"
    assert mail["Reply-To"] == "facturas@cafe.example"
    assert mail["Subject"].strip() == message.subject
    assert mail["Message-ID"] == f"<{message.key}@seller.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)).get_content().split() == message.body_text.split()
    assert mail.get_body(("html",)).get_content().split() == message.body_html.split()


def test_what_was_said_is_frozen_with_the_message(folder):
    message = MessageFactory(subject="Frozen", body_text="text", body_html="<p>html</p>")
    drain_messages()
    mail = message_from_bytes((folder / f"{message.key}.eml").read_bytes(), policy=policy.default)
    assert mail["Subject"] == "Frozen"
    assert mail.get_body(("plain",)).get_content() == "text"


def test_a_message_that_is_not_due_waits(mailbox):
    message = MessageFactory(next_at=now() + timedelta(minutes=1))
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts, mailbox.accepted) == (Status.QUEUED, 0, [])


def test_hostile_names_reach_the_server_as_text_only(mailbox):
    hostile = {
        **DOCUMENT_ISSUED,
        "seller_name": "x\r\nBcc: all@evil.example\r\n\r\n.\r\nQUIT",
        "contact_email": "a\nb@c",
    }
    message = MessageFactory(context=hostile)
    drain_messages()
    message.refresh_from_db()
    mail = message_from_bytes(mailbox.accepted[0], policy=policy.default)
    assert message.status == Status.SENT
    assert (mail["Bcc"], mail["Reply-To"], mail["To"]) == (None, None, message.recipient)
    assert mail["Subject"].endswith("x Bcc: all@evil.example . QUIT")


def test_nothing_is_handed_over_while_nobody_answers_and_it_goes_out_later(mailbox, settings):
    message, settings.EMAIL_PORT = MessageFactory(), 1
    started = now()
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.doubtful_since) == (Status.QUEUED, 1, None)
    assert timedelta(seconds=29) < message.next_at - started < timedelta(seconds=40)
    assert message.last_error.startswith("ConnectionRefusedError")
    settings.EMAIL_PORT = mailbox.port
    run_until_settled(1)
    message.refresh_from_db()
    assert (message.status, message.attempts, len(mailbox.accepted)) == (Status.SENT, 2, 1)


def test_after_six_tries_without_a_server_it_has_failed(mailbox, settings):
    message, settings.EMAIL_PORT = MessageFactory(), 1
    drain_messages()
    run_until_settled()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.next_at) == (Status.FAILED, 6, None)
    assert events(message) == ["sending", "queued"] * 5 + ["sending", "failed"]


@pytest.mark.parametrize(
    "replies", [{"to": "450 come back"}, {"end": "451 later"}, {"from": "421 busy"}, {"data": "452 full"}]
)
def test_a_temporary_refusal_is_tried_again(mailbox, replies):
    mailbox.replies.update(replies)
    message = MessageFactory()
    drain_messages()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.doubtful_since) == (Status.QUEUED, 1, None)
    mailbox.replies.clear()
    run_until_settled(1)
    message.refresh_from_db()
    assert (message.status, len(mailbox.accepted)) == (Status.SENT, 1)


@pytest.mark.parametrize("replies", [{"to": "550 no such person"}, {"end": "554 no thanks"}])
def test_a_final_refusal_fails_at_once(mailbox, replies):
    mailbox.replies.update(replies)
    message = MessageFactory()
    drain_messages()
    run_until_settled(2)
    message.refresh_from_db()
    assert (message.status, message.attempts, mailbox.accepted) == (Status.FAILED, 1, [])
    assert next(iter(replies.values())).split()[0] in message.last_error


def test_a_server_that_takes_the_mail_and_hangs_up_leaves_a_doubt_for_a_person(mailbox):
    mailbox.replies["end"] = None
    message = MessageFactory()
    drain_messages()
    mailbox.replies.clear()
    run_until_settled()
    message.refresh_from_db()
    assert (message.status, message.attempts, len(mailbox.accepted)) == (Status.UNKNOWN, 1, 1)
    assert message.last_error.startswith("SMTPServerDisconnected")


def test_a_server_that_hangs_up_on_the_goodbye_has_taken_the_mail(mailbox):
    mailbox.replies["quit"] = None
    message = MessageFactory()
    drain_messages()
    message.refresh_from_db()
    assert (message.status, len(mailbox.accepted)) == (Status.SENT, 1)


def test_killed_after_smtp_accepted_it_is_never_sent_again_by_itself(mailbox, monkeypatch):
    message = MessageFactory()
    with monkeypatch.context() as patch:
        patch.setattr(module, "record_sent", lambda *_arguments: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            drain_messages()
    message.refresh_from_db()
    assert (message.status, len(mailbox.accepted)) == (Status.SENDING, 1)
    run_until_settled()
    message.refresh_from_db()
    assert (message.status, message.attempts, len(mailbox.accepted)) == (Status.UNKNOWN, 1, 1)


def test_killed_before_smtp_was_reached_it_is_in_doubt_too(mailbox, monkeypatch):
    message = MessageFactory()
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "open", lambda _self: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            drain_messages()
    run_until_settled()
    message.refresh_from_db()
    assert (message.status, mailbox.accepted) == (Status.UNKNOWN, [])


def test_killed_after_a_keyed_provider_accepted_it_is_asked_again_and_there_is_one_mail(folder, monkeypatch):
    message = MessageFactory()
    with monkeypatch.context() as patch:
        patch.setattr(module, "record_sent", lambda *_arguments: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            drain_messages()
    first = (folder / f"{message.key}.eml").read_bytes()
    run_until_settled(2)
    message.refresh_from_db()
    assert (message.status, message.attempts, message.doubtful_since) == (Status.SENT, 2, None)
    assert [path.name for path in folder.iterdir()] == [f"{message.key}.eml"]
    assert (folder / f"{message.key}.eml").read_bytes() == first


def test_a_doubt_is_never_carried_to_another_backend(folder, mailbox, settings, monkeypatch):
    settings.EMAIL_BACKEND = "notifications.backends.files.FileBackend"
    message = MessageFactory()
    with monkeypatch.context() as patch:
        patch.setattr(FileBackend, "send_messages", lambda *_arguments: (_ for _ in ()).throw(OSError("disk")))
        drain_messages()
    message.refresh_from_db()
    assert (message.status, message.doubtful_since is None) == (Status.QUEUED, False)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    run_until_settled(1)
    message.refresh_from_db()
    assert (message.status, message.backend, mailbox.accepted) == (
        Status.UNKNOWN,
        "notifications.backends.files.FileBackend",
        [],
    )


def test_a_sender_whose_claim_has_passed_on_sends_nothing(mailbox):
    MessageFactory()
    message = claim_message(now() - timedelta(minutes=10))
    assert message is None
    message = MessageFactory(next_at=now() - timedelta(hours=1))
    claimed = claim_message(now() - timedelta(minutes=10))
    assert claimed == message
    assert send_claimed_message(claimed) is Meaning.DOUBTFUL
    message.refresh_from_db()
    assert (message.status, mailbox.accepted) == (Status.SENDING, [])


def test_an_answer_that_comes_after_the_sweeper_settles_the_doubt(mailbox, monkeypatch):
    message = MessageFactory()
    claimed = claim_message(now())
    usual = EmailBackend.send_messages

    def slow(self, mails):
        sent = usual(self, mails)
        with time_machine.travel(now() + timedelta(minutes=5)):
            sweep_overdue_messages()
        return sent

    monkeypatch.setattr(EmailBackend, "send_messages", slow)
    assert send_claimed_message(claimed) is None
    message.refresh_from_db()
    assert (message.status, len(mailbox.accepted)) == (Status.SENT, 1)
    assert events(message) == ["sending", "unknown", "sent"]


def test_an_answer_that_comes_after_a_person_closed_the_doubt_is_kept_as_an_event(mailbox, monkeypatch):
    message = MessageFactory()
    claimed = claim_message(now())
    usual = EmailBackend.send_messages

    def slow(self, mails):
        sent = usual(self, mails)
        Message.objects.filter(pk=message.pk).update(status=Status.CANCELLED, lease_until=None)
        return sent

    monkeypatch.setattr(EmailBackend, "send_messages", slow)
    send_claimed_message(claimed)
    message.refresh_from_db()
    assert message.status == Status.CANCELLED
    assert events(message) == ["sending", "sent_late"]


def test_a_template_that_is_gone_fails_its_message_and_not_the_drain(folder):
    lost, good = MessageFactory(template="removed"), MessageFactory()
    drain_messages()
    lost.refresh_from_db()
    good.refresh_from_db()
    assert (lost.status, good.status) == (Status.FAILED, Status.SENT)
    assert "TemplateDoesNotExist" in lost.last_error
