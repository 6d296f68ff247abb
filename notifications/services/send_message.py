"""Sending one message: claim it, freeze what it says, hand it over outside every transaction, record the outcome."""

import logging
from datetime import datetime
from email.utils import parseaddr

from anymail.message import AnymailMessage
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, QuerySet
from django.template import TemplateDoesNotExist
from django.utils.timezone import now
from django.utils.translation import gettext as _

from config.kill_points import reach
from notifications.answers import SENDING_ERRORS, Meaning, busy_for, meaning_of, text_of
from notifications.backends import remembers_for
from notifications.emails import render
from notifications.lifecycle import Status
from notifications.models import Message
from notifications.services.record_outcome import (
    LEASE,
    record_busy,
    record_doubt,
    record_not_sent,
    record_refused,
    record_sent,
    record_unknown,
)

logger = logging.getLogger(__name__)


def claim_message(at: datetime, *, only_urgent: bool = False) -> Message | None:
    """Take the message that has been due the longest, urgent ones first; the try is counted before it can leave."""
    with transaction.atomic(durable=True):
        message = _longest_due(Message.objects.urgently_due(at))
        if message is None and not only_urgent:
            message = _longest_due(Message.objects.due(at))
        if message is None:
            return None
        # A doubt belongs to the backend that may have sent it; only a message without one may take another way.
        backend = message.backend if message.doubtful_since else settings.EMAIL_BACKEND
        message.move_to(Status.SENDING, attempts=F("attempts") + 1, lease_until=at + LEASE, backend=backend)
    return message


def _longest_due(due: QuerySet[Message]) -> Message | None:
    return due.order_by("next_at", "id").select_for_update(skip_locked=True).first()


def send_claimed_message(message: Message) -> Meaning | None:
    """Send a message that this process has claimed and record the outcome; None means it was handed over."""
    if _is_forgotten(message):
        record_unknown(message, _("The provider no longer recognises a repeated request."))
        return Meaning.DOUBTFUL
    try:
        if not _freeze(message):
            return Meaning.DOUBTFUL
    except TemplateDoesNotExist as error:
        record_refused(message, text_of(error))
        return Meaning.REFUSED
    return _hand_over(message)


def _is_forgotten(message: Message) -> bool:
    """Whether the mail was perhaps sent before, and sending again would no longer be recognised as the same."""
    if message.doubtful_since is None:
        return False
    changed = message.backend != settings.EMAIL_BACKEND
    return changed or now() - message.doubtful_since >= remembers_for(message.backend)


def _freeze(message: Message) -> bool:
    """Store what the mail says, once: a repeated request must equal the first to the byte. False: the claim is lost."""
    claim = Message.objects.filter(pk=message.pk, status=Status.SENDING, lease_until=message.lease_until)
    claim = claim.filter(lease_until__gt=now())
    if message.subject:
        return claim.exists()
    rendered = render(message.template, message.language, message.context)
    message.subject, message.body_text, message.body_html = rendered.subject, rendered.text, rendered.html
    return bool(claim.update(subject=rendered.subject, body_text=rendered.text, body_html=rendered.html))


def _hand_over(message: Message) -> Meaning | None:
    connection = get_connection(backend=message.backend)
    email = build_email(message)
    try:
        connection.open()
    except SENDING_ERRORS as error:
        # No envelope has been named yet, so whatever went wrong, nothing was sent.
        record_not_sent(message, text_of(error))
        return Meaning.NOT_SENT
    try:
        connection.send_messages([email])
    except SENDING_ERRORS as error:
        return _record_error(message, error)
    finally:
        _close(connection)
    reach("after_provider_accept")
    record_sent(message, email.anymail_status.message_id or email.extra_headers["Message-ID"])
    return None


def _record_error(message: Message, error: Exception) -> Meaning:
    meaning = meaning_of(error)
    match meaning:
        case Meaning.NOT_SENT:
            record_not_sent(message, text_of(error))
        case Meaning.BUSY:
            record_busy(message, text_of(error), busy_for(error))
        case Meaning.REFUSED:
            record_refused(message, text_of(error))
        case Meaning.DOUBTFUL:
            record_doubt(message, text_of(error))
    return meaning


def _close(connection: BaseEmailBackend) -> None:
    """Say goodbye; a server that hangs up on it has nevertheless answered about the mail."""
    try:
        connection.close()
    except SENDING_ERRORS as error:
        logger.info("Mail connection did not end well: %s", type(error).__name__)


def build_email(message: Message) -> AnymailMessage:
    """Return the mail of a frozen message: one recipient, answers to the seller, our key for those who know it."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    headers = {"Message-ID": f"<{message.key}@{host}>", "Auto-Submitted": "auto-generated"}
    email = AnymailMessage(
        subject=message.subject,
        body=message.body_text,
        to=[message.recipient],
        reply_to=_reply_to(message),
        headers=headers,
        metadata={"idempotency_key": str(message.key)},
    )
    email.attach_alternative(message.body_html, "text/html")
    return email


def _reply_to(message: Message) -> list[str]:
    address = str(message.context.get("contact_email", ""))
    try:
        validate_email(address)
    except ValidationError:
        return []
    return [address]
