"""Sales, read only."""

from rest_framework.viewsets import ReadOnlyModelViewSet

from billing.api.filters import SaleQuery
from billing.api.serializers import SaleSerializer
from billing.models import Sale


class SaleViewSet(ReadOnlyModelViewSet[Sale]):
    """Purchases that were paid and what became of each, newest first."""

    queryset = Sale.objects.prefetch_related("aliases")
    serializer_class = SaleSerializer
    query_class = SaleQuery
    scope = "sales"
