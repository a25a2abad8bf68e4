"""Addresses of the management API at app hosts."""

from django.urls import path, re_path

from api.docs import docs, openapi
from api.entry import enter

urlpatterns = [
    re_path(r"^v1(?:/(?P<rest>(?s:.*)))?$", enter),
    path("api/docs", docs, name="api-docs"),
    path("api/openapi.json", openapi, name="openapi"),
]
