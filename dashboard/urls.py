"""Addresses below /o/<slug>/: of the organisation, and of its pages at p/<page_id>/."""

from django.urls import path

from dashboard.views.home import home, index

urlpatterns = [
    path("", index, name="index"),
    path("p/<str:page_id>/", home, name="home"),
]
