"""Giving up a document of which nothing was issued."""

from typing import Any

from django.db import transaction

from smartbill.lifecycle import Status
from smartbill.models import Document
from smartbill.permissions import require, require_reason
from smartbill.services.credit import release_credit


def abandon_document(document: Document, *, actor: Any, reason: str) -> None:
    """End a HELD, READY or REJECTED document with a reason; the sale keeps its row and never gets a second one."""
    require(actor, "smartbill.correct_document")
    reason = require_reason(reason)
    with transaction.atomic():
        document.move_to(Status.ABANDONED, actor=actor, reason=reason)
        release_credit(document)
