"""The public addresses of this app."""

from django.urls import path

from billing.tax_pages import tax_form
from billing.webhook import stripe_webhook

app_name = "billing"
urlpatterns = [
    path("stripe/webhook/<uuid:uuid>/", stripe_webhook, name="stripe_webhook"),
    path("t/<str:token>/", tax_form, name="tax_form"),
]
