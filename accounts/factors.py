"""Second factors, and asking once more who is there."""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from tenants.access import Person
from tenants.models import User

_SECOND = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]

# What of signing in proves as much as being asked again.
_PROOFS = {"password", "mfa"}


def has_second_factor(user: Person) -> bool:
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=_SECOND).exists())


def with_second_factor(users: list[User]) -> set[str]:
    """The ids of those who have one."""
    found = Authenticator.objects.filter(user__in=users, type__in=_SECOND)
    return set(found.values_list("user_id", flat=True))


def was_just_here(request: HttpRequest) -> bool:
    """Whether the person has proven a moment ago who they are: by signing in, or when asked again.

    That another service knows somebody counts for those alone who have nothing else.
    """
    if not request.user.is_authenticated:
        return False
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    recent = [one for one in get_authentication_records(request, request.user) if one["at"] > since]
    if any(one.get("reauthenticated") or one["method"] in _PROOFS for one in recent):
        return True
    return bool(recent) and not get_reauthentication_flows(request.user)
