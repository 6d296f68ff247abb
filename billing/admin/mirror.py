"""Stripe's objects as dj-stripe mirrored them: to look at, and nothing else.

dj-stripe's own pages break on current payloads, let the mirror be typed over, and let any member of staff act on
Stripe. Here no dj-stripe object is turned into text and none of its derived amounts is read: the page shows what
Stripe sent.
"""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from djstripe import models as mirrored

from config.admin import ReadOnlyAdmin, mode_badge, moment, pretty_json


class MirrorAdmin(ReadOnlyAdmin):
    section = "stripe"
    list_display = ["stripe_id", "mode", "made"]
    list_filter = ["livemode"]
    search_fields = ["=id"]
    search_help_text = _("Stripe id")
    ordering = ["-djstripe_id"]
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).only("djstripe_id", "id", "livemode", "created")

    @admin.display(description=_("Stripe id"))
    def stripe_id(self, row: Any) -> str:
        return str(row.id)

    @admin.display(description=_("Mode"))
    def mode(self, row: Any) -> SafeString:
        return mode_badge(row.livemode)

    @admin.display(description=_("Created at Stripe"))
    def made(self, row: Any) -> SafeString:
        return moment(row.created)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what Stripe sent, read as plain values: no dj-stripe object is made."""
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        values = self.model._default_manager.filter(pk=object_id if object_id.isdigit() else None)
        row = values.values("id", "livemode", "created", "djstripe_updated", "stripe_data").first()
        if row is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": row["id"],
            "opts": self.opts,
            "list_url": self.list_url(),
            "row": row,
            "content": pretty_json(row["stripe_data"]),
        }
        return TemplateResponse(request, "admin/billing/mirror.html", context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404


for position, name in enumerate(
    ["Customer", "Invoice", "PaymentIntent", "Charge", "Session", "Subscription", "Product", "Price", "Event"]
):
    admin.site.register(getattr(mirrored, name), MirrorAdmin, position=position)
