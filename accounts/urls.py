"""Addresses of a person's account, beside django-allauth's own."""

from django.urls import include, path

from accounts.views import account, again, invitation

urlpatterns = [
    path("", account, name="account"),
    path("again/", again, name="again"),
    path("invitation/<str:token>/", invitation, name="invitation"),
    path("", include("allauth.urls")),
]
