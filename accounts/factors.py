"""Second factors, and asking once more who is there."""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from tenants.models import User

_SECOND = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]

# What of signing in proves as much as being asked again: not that another service knows somebody.
_PROOFS = {"password", "mfa"}


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=_SECOND).exists())


def with_second_factor(users: list[User]) -> set[str]:
    """The ids of those who have one."""
    found = Authenticator.objects.filter(user__in=users, type__in=_SECOND)
    return set(found.values_list("user_id", flat=True))


def was_just_here(request: HttpRequest) -> bool:
    """Whether the person has proven a moment ago who they are: by signing in, or when asked again."""
    if did_recently_reauthenticate(request):
        return True
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    known = get_authentication_records(request, request.user) if request.user.is_authenticated else []
    return any(one["at"] > since for one in known if one["method"] in _PROOFS)
