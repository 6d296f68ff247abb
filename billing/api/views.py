"""Sales and what went back of them, read only."""

from rest_framework.viewsets import ReadOnlyModelViewSet

from billing.api.filters import ReversalQuery, SaleQuery
from billing.api.serializers import ReversalSerializer, SaleSerializer
from billing.models import Reversal, Sale


class SaleViewSet(ReadOnlyModelViewSet[Sale]):
    """Purchases that were paid and what became of each, newest first."""

    queryset = Sale.objects.prefetch_related("aliases")
    serializer_class = SaleSerializer
    query_class = SaleQuery
    scope = "sales"


class ReversalViewSet(ReadOnlyModelViewSet[Reversal]):
    """Money that went back and what became of the document, newest first."""

    queryset = Reversal.objects.select_related("sale").prefetch_related("aliases")
    serializer_class = ReversalSerializer
    query_class = ReversalQuery
    scope = "reversals"
