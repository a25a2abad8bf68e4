"""Whose key a request carries."""

from __future__ import annotations

import re
from datetime import datetime

from django.http import HttpRequest

from common.counters import address_of
from events.actor import Actor, ActorKind
from tenants.access import KeyStanding, key_standing
from tenants.keys import NotAdmitted, find_key, note_use

# Clients spell the scheme in every way, and one leaves it out.
_HEADER = re.compile(r"(?:(?:oauth|bearer|token)[ :]+)?(?P<token>\S+)", re.IGNORECASE)


def admitted(request: HttpRequest, now: datetime) -> KeyStanding:
    """What the request's key opens. Raises NotAdmitted or WrongPlace."""
    key = find_key(_token(request), address(request), now)
    opened = key_standing(key)
    if opened is None:
        message = "The key's owner has left the organisation."
        raise NotAdmitted(message)
    note_use(key, now)
    return opened


def actor_behind(request: HttpRequest, opened: KeyStanding) -> Actor:
    agent = request.headers.get("User-Agent", "")
    return Actor(ActorKind.API_KEY, opened.key.pk, address(request), agent)


def address(request: HttpRequest) -> str:
    return address_of(request.META.get("REMOTE_ADDR") or "")


def _token(request: HttpRequest) -> str:
    said = request.headers.get("Authorization", "").strip() or request.GET.get("api_key", "").strip()
    if not said:
        message = "Send a key: Authorization: OAuth <key>."
        raise NotAdmitted(message)
    match = _HEADER.fullmatch(said)
    return match["token"] if match else said
