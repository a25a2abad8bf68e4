"""Browsers in which somebody has signed in: a signed cookie that outlives sessions, and opens nothing."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_NAME = "known" if settings.DEBUG else "__Host-known"
_SALT = "dashboard.known"
_YEAR = 31_536_000


def who(request: HttpRequest) -> str:
    """The id of whoever signed in here last; empty where nobody has."""
    return str(request.get_signed_cookie(_NAME, default="", salt=_SALT, max_age=_YEAR))


def remember(request: HttpRequest, response: HttpResponse) -> None:
    """That the person who is signed in was here."""
    pk = str(request.user.pk)
    if who(request) != pk:
        how = {"secure": not settings.DEBUG, "httponly": True, "samesite": "Lax"}
        response.set_signed_cookie(_NAME, pk, salt=_SALT, max_age=_YEAR, **how)
