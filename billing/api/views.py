"""Sales and what went back of them, read only."""

from rest_framework.viewsets import ReadOnlyModelViewSet

from billing.api.filters import ApprovalQuery, ReversalQuery, SaleQuery
from billing.api.serializers import ApprovalSerializer, ReversalSerializer, SaleSerializer
from billing.models import Approval, Reversal, Sale


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


class ApprovalViewSet(ReadOnlyModelViewSet[Approval]):
    """Sales that rules hold or held until people answered, newest first."""

    queryset = Approval.objects.select_related("sale__endpoint__issuer")
    serializer_class = ApprovalSerializer
    query_class = ApprovalQuery
    scope = "approvals"
