"""The public addresses of this app."""

from django.urls import path

from billing.correction_pages import correction
from billing.tax_pages import tax_form
from billing.webhook import stripe_webhook

app_name = "billing"
urlpatterns = [
    path("stripe/webhook/<uuid:uuid>/", stripe_webhook, name="stripe_webhook"),
    path("d/<str:token>/correction/", correction, name="correction"),
    path("t/<str:token>/", tax_form, name="tax_form"),
]
