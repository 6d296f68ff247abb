"""The customer's pages: one document behind an unguessable link. Looking at it changes nothing."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from smartbill.faces import face_of, hash_of_face
from smartbill.lifecycle import VISIBLE_TO_CUSTOMER, Status
from smartbill.models import Document, DocumentLink, Rendition
from smartbill.pdf import qr_svg
from smartbill.services.link import hash_of, link_for
from smartbill.services.render import data_file_of
from smartbill.services.replace import successor_of

PRIVATE = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}
View = Callable[..., HttpResponseBase]


def behind_link(view: View) -> View:
    """Resolve the token to its document. Unknown: 404; revoked: 410; both alike in words and headers."""

    @login_not_required
    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponseBase:
        link = DocumentLink.objects.select_related("document__issuer").filter(token_sha256=hash_of(token)).first()
        if link is None or link.document.status not in VISIBLE_TO_CUSTOMER:
            response: HttpResponseBase = _gone(request, 404)
        elif link.revoked_at is not None:
            response = _gone(request, 410)
        else:
            with translation.override(link.document.language):
                response = view(request, link.document, token)
                if isinstance(response, TemplateResponse):
                    response.render()
        for name, value in PRIVATE.items():
            response.headers[name] = value
        return response

    return guarded


def _gone(request: HttpRequest, status: int) -> HttpResponse:
    return render(request, "smartbill/gone.html", status=status)


@behind_link
def document_page(request: HttpRequest, document: Document, token: str) -> HttpResponseBase:
    face = face_of(document)
    context = {
        "document": document,
        "face": face,
        "version": version_of(document, face),
        "qr": b64encode(qr_svg(face["public_url"])).decode(),
        "has_pdf": _latest(document) is not None,
        "following": _following(document),
        "questions": face["labels"]["questions"] % {"email": document.issuer.email},
    }
    return TemplateResponse(request, "smartbill/document.html", context)


@behind_link
def document_status(request: HttpRequest, document: Document, token: str) -> HttpResponseBase:
    """Say in a few bytes which version of the page is the present one."""
    face = face_of(document)
    version = version_of(document, face)
    if request.headers.get("If-None-Match") == f'"{version}"':
        return HttpResponse(status=304, headers={"ETag": f'"{version}"'})
    body = {"version": version, "status": document.status, "label": face["status_label"]}
    return JsonResponse(body, headers={"ETag": f'"{version}"'})


@behind_link
def document_pdf(request: HttpRequest, document: Document, token: str) -> HttpResponseBase:
    """Serve the newest rendition, or ask to wait for the first one; none from before an invalidation is handed out."""
    rendition = _latest(document)
    outdated = document.status == Status.INVALIDATED
    if rendition is None or outdated and rendition.created_at < document.status_since:
        page = render(request, "smartbill/preparing.html", {"document": document}, status=503)
        page.headers["Retry-After"] = "5"
        return page
    name = f"{document.control_number or document.reference}.pdf"
    return FileResponse(rendition.file.open("rb"), filename=name, content_type="application/pdf")


@behind_link
def document_json(request: HttpRequest, document: Document, token: str) -> HttpResponseBase:
    """Serve the document's data file exactly as the authority holds it."""
    content = data_file_of(document)
    if not content:
        error = {"error": _("The data file is not available yet. Try again in a minute.")}
        return JsonResponse(error, status=503, headers={"Retry-After": "5"})
    name = f"{document.generation_code}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/json", headers=headers)


def version_of(document: Document, face: dict[str, Any]) -> str:
    """Return a tag that changes whenever the page would read differently, or its PDF becomes available."""
    rendition = _latest(document)
    parts = [hash_of_face(face), str(rendition.pk if rendition else 0), str(bool(data_file_of(document)))]
    return hashlib.sha256(":".join(parts).encode()).hexdigest()[:24]


def _following(document: Document) -> str:
    """Return the address of the document that took the place of this one; nothing where another buyer would see it.

    Whoever was named by mistake holds this link, and the right one's data are none of theirs.
    """
    successor = successor_of(document)
    is_same_buyer = bool(document.customer_email) and document.customer_email == successor.customer_email
    return link_for(successor) if successor.pk != document.pk and is_same_buyer and successor.has_link else ""


def _latest(document: Document) -> Rendition | None:
    return document.renditions.order_by("-id").first()
