"""Addresses at the app host that belong to no organisation."""

from django.urls import path

from dashboard.views.language import choose_language
from dashboard.views.organisations import new_organisation, organisations, restore_organisation
from dashboard.views.parts import parts

urlpatterns = [
    path("o/", organisations, name="organisations"),
    path("o/new", new_organisation, name="new_organisation"),
    path("o/restore", restore_organisation, name="restore_organisation"),
    path("language", choose_language, name="language"),
    path("dev/components", parts, name="parts"),
]
