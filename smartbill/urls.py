"""The customer's addresses."""

from django.urls import path

from smartbill import views

app_name = "smartbill"
urlpatterns = [
    path("d/<str:token>/", views.document_page, name="document"),
    path("d/<str:token>/status", views.document_status, name="status"),
    path("d/<str:token>/document.pdf", views.document_pdf, name="pdf"),
    path("d/<str:token>/document.json", views.document_json, name="json"),
]
