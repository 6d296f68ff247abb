"""The control of the lists: documents in Django's own admin, declared as its documentation does, and a plain export."""

import csv

from django.contrib.admin import AdminSite, ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.health import healthz
from smartbill.models import Document


class StockDocumentAdmin(ModelAdmin):  # type: ignore[type-arg]
    list_display = ["status", "control_number", "customer_name", "kind", "total", "occurred_at", "stamped_at"]
    list_filter = ["status", "currency", "language", "kind", "livemode"]
    search_fields = ["customer_name", "customer_email", "customer_tax_id", "control_number", "source"]


def export(request: HttpRequest) -> HttpResponse:
    """Answer with every document asked for, made in memory."""
    answer = HttpResponse(content_type="text/csv")
    writer = csv.writer(answer)
    for row in Document.objects.all()[: int(request.GET["most"])]:
        writer.writerow([row.status, row.control_number, row.customer_name, row.total, row.stamped_at])
    return answer


site = AdminSite(name="admin")
site.register(Document, StockDocumentAdmin)
urlpatterns = [path("healthz", healthz), path("admin/", site.urls), path("export", export)]
