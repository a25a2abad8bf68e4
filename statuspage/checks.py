"""What is wrong with the settings, each with an id and a hint; `manage.py check --deploy` runs them all.

Those that ask a server run with `--database default` (`--deploy` alone asks none).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import redis
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from notifications.providers import SMTP

_UNSAFE_SECRET = 32
_PROBES = 20


@register(Tags.security)
def secret_key(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    try:
        length = len(settings.SECRET_KEY)
    except ImproperlyConfigured:
        # That is how Django says that it is empty.
        length = 0
    if length >= _UNSAFE_SECRET or (length and settings.DEBUG):
        return []
    text = f"SECRET_KEY has {length} characters: fewer than {_UNSAFE_SECRET} can be guessed."
    return [
        Error(
            text if length else "SECRET_KEY is missing.",
            hint="Set SECRET_KEY, or SECRET_KEY_FILE, to 50 random characters, and keep it.",
            id="statuspage.E001",
        )
    ]


@register(Tags.security)
def emergency_key(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    length = len(settings.EMERGENCY_KEY)
    if not length or length >= _UNSAFE_SECRET:
        return []
    text = f"EMERGENCY_KEY has {length} characters: fewer than {_UNSAFE_SECRET} can be guessed."
    hint = "Set it to 50 random characters, and make the kits anew; or leave it out."
    return [Error(text, hint=hint, id="statuspage.E014")]


@register(Tags.security)
def hosts(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.APP_HOSTS:
        hint = "Set APP_HOSTS to the names at which the team signs in, such as status-admin.example.com."
        found.append(Error("APP_HOSTS is empty: nobody could sign in.", hint=hint, id="statuspage.E002"))
    if not settings.PAGES_DOMAIN:
        hint = "Set PAGES_DOMAIN to the domain under which pages get their names, such as status.example.com."
        found.append(Error("PAGES_DOMAIN is empty: no page has an address.", hint=hint, id="statuspage.E003"))
    for host in settings.APP_HOSTS:
        if not settings.DEBUG and host.endswith(f".{settings.PAGES_DOMAIN}"):
            hint = "Use another domain for one of the two, so that no page can touch the team's cookies."
            text = f"The app host {host} lies inside PAGES_DOMAIN."
            found.append(Caution(text, hint=hint, id="statuspage.W001"))
    if settings.PUBLIC_SCHEME not in {"http", "https"}:
        text = f"PUBLIC_SCHEME is {settings.PUBLIC_SCHEME!r}."
        found.append(Error(text, hint="It is http or https.", id="statuspage.E004"))
    return found


@register(Tags.compatibility)
def services(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.DATABASES["default"]["NAME"]:
        hint = "Set DATABASE_URL to postgresql://user:password@host:5432/name."
        found.append(Error("DATABASE_URL is missing or not PostgreSQL.", hint=hint, id="statuspage.E005"))
    if not settings.BROKER_URL:
        hint = "Set REDIS_URL, or BROKER_URL, STORE_REDIS_URL and LIMITS_REDIS_URL."
        text = "There is no Redis: changes wait for the ticker, and edges for the disk."
        found.append(Caution(text, hint=hint, id="statuspage.W002"))
    by_smtp = settings.EMAIL_PROVIDERS[0]["kind"] == SMTP
    if by_smtp and not settings.EMAIL_HOST and not settings.DEBUG:
        hint = "Set EMAIL_URL to smtp+tls://user:password@host:587."
        found.append(Error("EMAIL_URL is missing: no mail can leave.", hint=hint, id="statuspage.E006"))
    if "@" not in settings.DEFAULT_FROM_EMAIL:
        hint = "Set DEFAULT_FROM_EMAIL to an address that your mail server may send from."
        found.append(Error("DEFAULT_FROM_EMAIL is missing.", hint=hint, id="statuspage.E007"))
    return found


@register(Tags.security)
def proxy(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if settings.DEBUG or settings.SECURE_PROXY_SSL_HEADER or settings.PUBLIC_SCHEME != "https":
        return []
    return [
        Caution(
            "Pages are announced as https, but no proxy is trusted to say so: forms will be refused.",
            hint="Set BEHIND_PROXY=true where a proxy sets X-Forwarded-Proto itself.",
            id="statuspage.W003",
        )
    ]


@register(Tags.security)
def egress(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Webhooks go where strangers say: never into our own network."""
    malformed = [one for one in settings.EGRESS_ALLOW_NETS if not _is_network(one)]
    if malformed:
        text = f"EGRESS_ALLOW_NETS names {malformed[0]!r}, which is no network."
        return [Error(text, hint="Write networks as 10.1.0.0/16, with commas.", id="statuspage.E012")]
    if settings.DEBUG or not settings.EGRESS_ALLOW_NETS:
        return []
    return [
        Error(
            f"EGRESS_ALLOW_NETS lets strangers call {', '.join(settings.EGRESS_ALLOW_NETS)} through us.",
            hint="Leave it empty; it is for sinks on a developer's machine.",
            id="statuspage.E011",
        )
    ]


@register(Tags.compatibility)
def copies(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if not settings.COPIES_ROOT or Path(settings.COPIES_ROOT).is_absolute():
        return []
    hint = "Give a path from the root, such as /srv/copies, which the service's user may write."
    return [Error(f"COPIES_ROOT is {settings.COPIES_ROOT!r}.", hint=hint, id="statuspage.E013")]


@register(Tags.database)
def pooling(
    app_configs: Sequence[AppConfig] | None, databases: Iterable[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """A pooler that changes servers between statements would let one tenant read another's rows."""
    if not databases:
        return []
    try:
        kept = all(_search_path_is_kept(number) for number in range(_PROBES))
    except DatabaseError as error:
        text = f"The database does not answer: {str(error).splitlines()[0]}"
        return [Error(text, hint="Check DATABASE_URL and the server.", id="statuspage.E008")]
    if kept:
        return []
    return [
        Error(
            "The database connection does not keep its settings: a pooler in transaction mode.",
            hint="Use session pooling, or none: tenants are told apart by search_path.",
            id="statuspage.E009",
        )
    ]


@register(Tags.database)
def eviction(
    app_configs: Sequence[AppConfig] | None, databases: Iterable[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Neither wake-ups nor published documents may be thrown out to make room."""
    if not databases:
        return []
    names = {"BROKER_URL": settings.BROKER_URL, "STORE_REDIS_URL": settings.STORE_REDIS_URL}
    return [
        Error(
            f"The Redis of {name} evicts keys ({policy}).",
            hint="Set maxmemory-policy noeviction there, and use another instance for caches.",
            id="statuspage.E010",
        )
        for name, url in names.items()
        if url and (policy := _eviction_policy(url)) not in {"noeviction", ""}
    ]


def _is_network(name: str) -> bool:
    try:
        ipaddress.ip_network(name)
    except ValueError:
        return False
    return True


def _search_path_is_kept(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SET application_name = 'probe {number:d}'")
        cursor.execute("SHOW application_name")
        found: str = cursor.fetchone()[0]
    return found == f"probe {number}"


def _eviction_policy(url: str) -> str:
    """Empty where the server cannot be asked."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            return str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    except redis.RedisError:
        return ""
