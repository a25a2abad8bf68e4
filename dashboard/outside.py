"""Addresses at the app host that belong to no organisation."""

from django.urls import path

from dashboard.views.language import choose_language
from dashboard.views.parts import parts

urlpatterns = [
    path("language", choose_language, name="language"),
    path("dev/components", parts, name="parts"),
]
