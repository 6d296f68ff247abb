"""Outages with documents as the engine would have entered them."""

from datetime import timedelta
from typing import Any

from django.utils.timezone import now

from smartbill.lifecycle import Status
from smartbill.models import Document, Issuer, Outage
from smartbill.services.outage_note import note_contingency, note_late_stamp
from smartbill.services.render import render_document
from tests.factories.documents import make_attempt, make_document
from tests.factories.smartbill import IssuerFactory


def enter(issuer: Issuer | None = None, *, ago: timedelta = timedelta(hours=1), **columns: Any) -> Document:
    """Return a document that was issued without a seal, so long ago, and entered into the issuer's outage."""
    document = make_document(
        Status.CONTINGENCY, issuer=issuer or IssuerFactory.create(), issued_at=now() - ago, next_at=now(), **columns
    )
    make_attempt(document)
    note_contingency(document)
    return document


def seal(document: Document, *, show: bool = True) -> None:
    """Give the document its seal as a look-up does, and render its PDF unless told not to."""
    number = f"2026{document.pk:036d}"
    document.move_to(Status.STAMPED, seal=number, stamped_at=now(), render_at=now())
    note_late_stamp(document)
    if show:
        render_document(document)
        Document.objects.filter(pk=document.pk).update(render_at=None)


def the_outage() -> Outage:
    return Outage.objects.select_related("issuer").get()
