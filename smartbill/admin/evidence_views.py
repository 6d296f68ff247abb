"""The evidence page of a document, and the exact bytes behind it, for whoever may see documents."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from smartbill.admin.actions import DocumentActions
from smartbill.admin.evidence import content_of, evidence_of
from smartbill.models import Document


class DocumentEvidence(DocumentActions):
    """Two views more on the document's admin."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:key>/evidence/", wrap(self.evidence_view), name="smartbill_document_evidence"),
            path("<int:key>/evidence/<str:what>/<int:row>/", wrap(self.bytes_view), name="smartbill_document_bytes"),
        ]
        return own + super().get_urls()

    def evidence_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Show every attempt as it was sent and answered."""
        document = self._seen(request, key)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Evidence"),
            "opts": self.opts,
            "original": document,
            "evidence": evidence_of(document),
            "buttons": [act for act in self.buttons(request, document) if act.name in self.answers],
            "list_url": self.list_url(),
        }
        return TemplateResponse(request, "admin/smartbill/document/evidence.html", context)

    def bytes_view(self, request: HttpRequest, key: int, what: str, row: int) -> HttpResponse:
        """Hand out one body exactly as it went over the wire, as a file that no browser interprets."""
        content = content_of(self._seen(request, key), what, row)
        if content is None:
            raise Http404
        return HttpResponse(
            content,
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="document-{key}-{what}-{row}.bin"',
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
            },
        )

    def _seen(self, request: HttpRequest, key: int) -> Document:
        document = get_object_or_404(Document.objects.select_related("issuer"), pk=key)
        if not self.has_view_permission(request, document):
            raise PermissionDenied
        return document
