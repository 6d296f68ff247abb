"""The customer's secret link to a document."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import PreconditionFailed, TransitionRefused
from smartbill.lifecycle import VISIBLE_TO_CUSTOMER
from smartbill.models import Document, DocumentLink
from smartbill.permissions import require, require_reason


def hash_of(token: str) -> str:
    """Return what is stored and searched of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def live_link(document: Document) -> DocumentLink:
    """Return the document's link, made on first use: 256 random bits."""
    while True:
        found = document.links.filter(revoked_at=None).first()
        if found is not None:
            return found
        made = new_link(document)
        try:
            with transaction.atomic():
                made.save(force_insert=True)
                return made
        except IntegrityError:
            # Somebody else made one at the same moment; it may even have been revoked since, so look anew.
            continue


def new_link(document: Document) -> DocumentLink:
    """Return a link that is not yet stored."""
    token = secrets.token_urlsafe(32)
    return DocumentLink(document=document, token=token, token_sha256=hash_of(token))


def link_for(document: Document) -> str:
    """Return the absolute public address of the document's page."""
    return address_of(live_link(document))


def address_of(link: DocumentLink) -> str:
    return f"{settings.PUBLIC_BASE_URL}/d/{link.token}/"


def revoke_link(document: Document, *, actor: Any, reason: str) -> None:
    """End the present link of an issued document; the next mail makes a new one.

    The right is the one to send the mail again: whoever may give the address out may take it back, and the remedy,
    a mail with a new address, lies in the same hand.
    """
    require(actor, "notifications.resend_message")
    reason = require_reason(reason)
    if document.status not in VISIBLE_TO_CUSTOMER:
        raise TransitionRefused(document, document.status)
    with transaction.atomic():
        if not document.links.filter(revoked_at=None).update(revoked_at=now()):
            raise PreconditionFailed(_("The document has no link that could be withdrawn."))
        document.events.create(
            before=document.status,
            after=document.status,
            actor=actor,
            reason=_("Customer's link withdrawn: %(why)s") % {"why": reason},
        )
