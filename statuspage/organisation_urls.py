"""Addresses inside of an organisation, below /o/<slug>/ (statuspage/middleware.py)."""

from django.urls import include, path

from statuspage.admin import organisation

urlpatterns = [
    path("admin/", organisation.urls),
    path("", include("dashboard.urls")),
]
