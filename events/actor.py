"""Who makes a change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.http import HttpRequest


class ActorKind(StrEnum):
    USER = "user"
    API_KEY = "api_key"
    SUBSCRIBER = "subscriber"
    MONITOR = "monitor"
    IMPORT = "import"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is a row's id, never a name or an address; where the request came from is kept apart."""

    kind: ActorKind
    id: str = ""
    ip: str = ""
    user_agent: str = ""


SYSTEM = Actor(ActorKind.SYSTEM)
IMPORT = Actor(ActorKind.IMPORT)


def person_behind(request: HttpRequest) -> Actor:
    """The signed-in person, at the address that the request came from."""
    meta = request.META
    agent = str(meta.get("HTTP_USER_AGENT", ""))
    return Actor(ActorKind.USER, str(request.user.pk), str(meta.get("REMOTE_ADDR", "")), agent)
