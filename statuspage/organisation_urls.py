"""Addresses inside of an organisation, below /o/<slug>/ (statuspage/middleware.py)."""

from django.urls import path
from django.views.generic import RedirectView

from statuspage.admin import organisation

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", organisation.urls),
]
