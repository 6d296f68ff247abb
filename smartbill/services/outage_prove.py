"""Proof that a customer sees the seal: the page is drawn from the state, the PDF must be the one of that state."""

from django.utils.timezone import now

from smartbill.faces import face_of
from smartbill.lifecycle import ISSUED, Status
from smartbill.models import Document, Outage
from smartbill.services.render import data_file_of, rendition_key

SEALED = sorted(ISSUED - {Status.CONTINGENCY})
BATCH = 200


def prove_pages(outage: Outage) -> int:
    """Look at up to BATCH documents that have their seal, note those whose page and PDF show it; return how many.

    One whose PDF is yet to be made proves nothing and is left out; a PDF of another state is asked for anew.
    """
    at, proved = now(), 0
    entries = outage.entries.unseen().filter(document__status__in=SEALED, document__render_at=None)
    for entry in entries.select_related("document__issuer").order_by("id")[:BATCH]:
        face = shown_face(entry.document)
        if face:
            entry.shown_at, entry.shown_face = at, face
            entry.save(update_fields=["shown_at", "shown_face"])
            proved += 1
        else:
            # Only where nobody has asked for it yet: a renderer at work must not be started over.
            Document.objects.filter(pk=entry.document_id, render_at=None).update(render_at=at)
    return proved


def shown_face(document: Document) -> str:
    """Return the face of the PDF that customers get, when page and PDF both show the present state with its seal."""
    face = face_of(document)
    if face["status"] != document.status or not _has_seal(face, document.seal):
        return ""
    key = rendition_key(face, data_file_of(document))
    newest = document.renditions.order_by("-id").first()
    if newest is None or newest.face != key or not newest.file.name:
        return ""
    return key if newest.file.storage.exists(newest.file.name) else ""


def _has_seal(face: dict[str, object], seal: str) -> bool:
    rows = face["identifiers"]
    return bool(seal) and isinstance(rows, list) and any(value == seal for _label, value in rows)
