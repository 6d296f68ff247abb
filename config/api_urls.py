"""The doors of the API, version 1: read only, and never kept by a cache on the way."""

from collections.abc import Callable
from typing import Any

from django.urls import path, re_path
from django.views.decorators.cache import cache_control

from billing.api.views import ApprovalViewSet, ReversalViewSet, SaleViewSet
from config.api_views import NoSuchPage, SchemaView
from notifications.api.views import MessageViewSet
from smartbill.api.views import DocumentViewSet

LIST: dict[str, Any] = {"get": "list"}
ONE: dict[str, Any] = {"get": "retrieve"}


def kept_nowhere(view: Callable[..., Any]) -> Callable[..., Any]:
    """Forbid caches to keep any answer of the view, refusals included."""
    return cache_control(private=True, no_store=True)(view)


urlpatterns = [
    path("schema/", kept_nowhere(SchemaView.as_view()), name="api-schema"),
    path("sales/", kept_nowhere(SaleViewSet.as_view(LIST)), name="api-sales"),
    path("sales/<int:pk>/", kept_nowhere(SaleViewSet.as_view(ONE)), name="api-sale"),
    path("reversals/", kept_nowhere(ReversalViewSet.as_view(LIST)), name="api-reversals"),
    path("reversals/<int:pk>/", kept_nowhere(ReversalViewSet.as_view(ONE)), name="api-reversal"),
    path("approvals/", kept_nowhere(ApprovalViewSet.as_view(LIST)), name="api-approvals"),
    path("approvals/<int:pk>/", kept_nowhere(ApprovalViewSet.as_view(ONE)), name="api-approval"),
    path("documents/", kept_nowhere(DocumentViewSet.as_view(LIST)), name="api-documents"),
    path("documents/<int:pk>/", kept_nowhere(DocumentViewSet.as_view(ONE)), name="api-document"),
    path("messages/", kept_nowhere(MessageViewSet.as_view(LIST)), name="api-messages"),
    path("messages/<int:pk>/", kept_nowhere(MessageViewSet.as_view(ONE)), name="api-message"),
    # Only with a slash at the end: without one, Django's redirect to the address with one comes first.
    re_path(r"^(?P<rest>(?:[\s\S]*/)?)\Z", kept_nowhere(NoSuchPage.as_view())),
]
