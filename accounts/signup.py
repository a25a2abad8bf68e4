"""Who may make an account."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

# Where django-allauth keeps the address that an invitation has proven.
_PROVEN = "account_verified_email"


def may_sign_up(request: HttpRequest) -> bool:
    """SIGNUP: `open` is for everybody, `invited` for those who follow an invitation, `closed` for nobody."""
    if settings.SIGNUP == "invited":
        return bool(request.session.get(_PROVEN))
    return bool(settings.SIGNUP == "open")
