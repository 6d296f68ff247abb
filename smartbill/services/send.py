"""A person asks for documents to be sent now instead of at their time: one, or some hundred at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from smartbill.errors import TransitionRefused
from smartbill.lifecycle import Status
from smartbill.models import Document, DocumentEvent
from smartbill.permissions import require


def queue_submission(document: Document, *, actor: Any) -> None:
    """Make a READY document due at once; anything else is refused, above all a document in doubt."""
    if queue_submissions([document.pk], actor=actor):
        document.refresh_from_db()
        raise TransitionRefused(document, Status.SUBMITTING)


def queue_submissions(keys: Sequence[int], *, actor: Any) -> dict[int, str]:
    """Make these documents due and return, by key, why the others are refused: only READY ones are taken.

    They are locked until the caller's transaction ends, so they are to be no more than some hundred.
    """
    require(actor, "smartbill.submit_document")
    taken = set(release(keys, actor=actor))
    return _refusals([key for key in keys if key not in taken])


def release(keys: Sequence[int], *, actor: Any) -> list[int]:
    """Make those of these documents due that are READY, with one event each; return their keys."""
    at = now()
    with transaction.atomic():
        ready = Document.objects.filter(pk__in=keys, status=Status.READY).order_by("pk")
        # Locked in one order, so that two people with overlapping choices cannot wait for each other.
        taken = list(ready.select_for_update(no_key=True).values_list("pk", flat=True))
        if taken:
            Document.objects.filter(pk__in=taken).update(next_at=at, tries=0, updated_at=at)
            _write_events(taken, actor, at)
    return taken


def _write_events(keys: Sequence[int], actor: Any, at: datetime) -> None:
    """Write one event of each document in one statement of the database: as objects they take five times as long."""
    event = DocumentEvent(created_at=at, before=Status.READY, after=Status.READY, actor=actor)
    event.reason = _("Sending asked for.")
    fields = [field for field in DocumentEvent._meta.local_concrete_fields if field.name not in ("id", "document")]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = [field.get_db_prep_save(getattr(event, field.attname), connection) for field in fields]
    places = ", ".join(["%s"] * len(values))
    chosen = ", ".join(["%s"] * len(keys))
    # Only names of our own models are put together here; values go as parameters.
    statement = (
        f'INSERT INTO "{DocumentEvent._meta.db_table}" (document_id, {columns}) '  # noqa: S608
        f'SELECT id, {places} FROM "{Document._meta.db_table}" WHERE id IN ({chosen}) ORDER BY id'
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, *keys])


def _refusals(keys: Sequence[int]) -> dict[int, str]:
    """Return why each of these documents that is not READY cannot be sent."""
    rest = Document.objects.filter(pk__in=keys).exclude(status=Status.READY).only("status")
    return {document.pk: str(TransitionRefused(document, Status.SUBMITTING)) for document in rest}
