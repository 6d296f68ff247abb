"""A person sends the customer's mail again, to the same or another address."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from notifications.models import Message
from notifications.services.queue_message import queue_message
from notifications.services.resend_message import resend_message
from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import VISIBLE_TO_CUSTOMER
from smartbill.models import Document
from smartbill.permissions import require, require_reason
from smartbill.services.deliver import TEMPLATE, mail_context, reference_of
from smartbill.services.link import link_for


def resend_mail(document: Document, *, actor: Any, reason: str, recipient: str = "") -> None:
    """Queue the document's mail under the next number; refused while nothing was issued or no address is known."""
    require(actor, "notifications.resend_message")
    reason = require_reason(reason)
    recipient = recipient.strip() or document.customer_email
    if document.status not in VISIBLE_TO_CUSTOMER:
        raise TransitionRefused(document, document.status)
    if not recipient:
        raise PreconditionFailed(_("The customer has no e-mail address: give one."))
    with transaction.atomic():
        # The document's row makes two people (or one double click) come one after the other.
        Document.objects.select_for_update().get(pk=document.pk)
        message = _queue(document, recipient=recipient, actor=actor, reason=reason)
        Document.objects.filter(pk=document.pk).update(untold=False)
        document.events.create(
            before=document.status,
            after=document.status,
            actor=actor,
            reason=_("Mail sent again: %(why)s") % {"why": reason},
            detail={"message": message.pk},
        )


def _queue(document: Document, *, recipient: str, actor: Any, reason: str) -> Message:
    """Queue the next mail of the series with the values of today, or the first one where nobody was told."""
    context = mail_context(document, link_for(document))
    newest = Message.objects.filter(reference=reference_of(document), template=TEMPLATE).order_by("number").last()
    if newest is not None:
        return resend_message(newest, actor=actor, reason=reason, recipient=recipient, context=context)
    return queue_message(
        reference=reference_of(document),
        template=TEMPLATE,
        language=document.language,
        recipient=recipient,
        context=context,
        actor=actor,
        reason=reason,
    )
