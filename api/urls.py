"""Addresses of the management API at app hosts."""

from django.urls import re_path

from api.entry import enter

urlpatterns = [re_path(r"^v1(?:/(?P<rest>.*))?$", enter)]
