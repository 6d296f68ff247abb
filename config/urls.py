"""All doors of the house."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("readyz/worker", health.worker_readyz, name="worker_readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("account/", include("config.sign_in.urls")),
    path("api/v1/", include("config.api_urls")),
    path("", include("billing.urls")),
    path("", include("smartbill.urls")),
]
