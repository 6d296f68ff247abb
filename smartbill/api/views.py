"""Documents, read only."""

from rest_framework.viewsets import ReadOnlyModelViewSet

from smartbill.api.filters import DocumentQuery
from smartbill.api.serializers import DocumentSerializer
from smartbill.models import Document


class DocumentViewSet(ReadOnlyModelViewSet[Document]):
    """Fiscal documents and their states, newest first."""

    queryset = Document.objects.with_counts().select_related("issuer").prefetch_related("replacements")
    serializer_class = DocumentSerializer
    query_class = DocumentQuery
    scope = "documents"
