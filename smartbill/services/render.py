"""Rendering PDFs: in a worker, once per face, never in a request."""

import hashlib
import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from smartbill.faces import face_of, hash_of_face
from smartbill.lifecycle import VISIBLE_TO_CUSTOMER
from smartbill.models import Document, Rendition
from smartbill.pdf import render_pdf

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)


def render_due_documents() -> None:
    """Render what is due within the drain's budget; a document that cannot be rendered waits for an hour."""
    stop_at = time.monotonic() + settings.DRAIN["budget"]
    while time.monotonic() < stop_at:
        document = _claim()
        if document is None:
            return
        claimed_at = document.render_at
        try:
            if document.status in VISIBLE_TO_CUSTOMER:
                render_document(document)
        except Exception as error:
            # One document that breaks the renderer must not keep the others from their PDFs.
            logger.exception("document %s could not be rendered", document.pk)
            failure = f"{type(error).__name__}: {error}"[:300]
            again = {"render_at": now() + timedelta(hours=1), "render_error": failure}
            Document.objects.filter(pk=document.pk, render_at=claimed_at).update(**again)
        else:
            Document.objects.filter(pk=document.pk, render_at=claimed_at).update(render_at=None, render_error="")


def _claim() -> Document | None:
    at = now()
    for document in Document.objects.filter(render_at__lte=at).select_related("issuer").order_by("render_at", "id")[:8]:
        until = at + LEASE
        if Document.objects.filter(pk=document.pk, render_at=document.render_at).update(render_at=until):
            document.render_at = until
            return document
    return None


def render_document(document: Document) -> Rendition:
    """Return the PDF of the document's present face, rendered on first use."""
    face = face_of(document)
    data_file = data_file_of(document)
    key = rendition_key(face, data_file)
    found = document.renditions.filter(face=key).first()
    if found is not None:
        return found
    pdf = render_pdf(face, data_file=data_file, at=document.issued_at)
    rendition = Rendition(document=document, face=key, sha256=hashlib.sha256(pdf).hexdigest())
    try:
        with transaction.atomic():
            rendition.file.save(f"{document.reference}-{key[:12]}.pdf", ContentFile(pdf), save=True)
    except IntegrityError:
        return document.renditions.get(face=key)
    return rendition


def rendition_key(face: dict[str, Any], data_file: bytes) -> str:
    """Return the name under which the PDF of this face with this file attached is kept."""
    return hashlib.sha256(hash_of_face(face).encode() + data_file).hexdigest()


def data_file_of(document: Document) -> bytes:
    """Return the document as the authority holds it (JSON), or nothing while it has not been fetched."""
    newest = document.readings.filter(code=document.generation_code).exclude(content=None).order_by("-id").first()
    return bytes(newest.content) if newest and newest.content else b""
