"""The web server of one machine: page hosts to the edge, app hosts to Django, by the Host header."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "statuspage.settings")
# Django's own type is narrower than what it takes.
django_application: Any = get_asgi_application()

# Settings can be read only now.
from django.conf import settings  # noqa: E402

from edge.app import Edge  # noqa: E402
from edge.environment import emergency_key, limits, stale_after  # noqa: E402
from edge.hosts import TLS_ASK  # noqa: E402
from edge.request import hostname  # noqa: E402
from publishing.storage import store  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_edge = Edge(
    store(),
    fallback=django_application,
    redis_url=settings.STORE_REDIS_URL,
    limits=limits(),
    stale_after=stale_after(),
    emergency_key=emergency_key(),
)
_app_hosts = frozenset(settings.APP_HOSTS)
_PUBLIC_API = "/api/v2/"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http" or host_of(scope) not in _app_hosts or scope["path"] == TLS_ASK:
        await _edge(scope, receive, send)
    elif settings.DEFAULT_PAGE_HOST and scope["path"].startswith(_PUBLIC_API):
        await _edge(at_host(scope, settings.DEFAULT_PAGE_HOST), receive, send)
    else:
        await django_application(scope, receive, send)


def host_of(scope: Scope) -> str:
    """The Host header, as the edge reads it; of several none, and so the edge refuses them."""
    named = [value for name, value in scope["headers"] if name == b"host"]
    return hostname(named[0]) if len(named) == 1 else ""


def at_host(scope: Scope, host: str) -> Scope:
    """The same request, as if it had been made to another host."""
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [*others, (b"host", host.encode())]}
