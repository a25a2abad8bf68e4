"""Typed readers of the environment: the only place settings come from."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_COUNTRY = re.compile(r"[A-Z]{2}|\*")


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `<name>_FILE` names."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        message = f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
        raise ImproperlyConfigured(message) from error


def boolean(name: str, default: bool = False) -> bool:
    value = text(name, str(default)).strip().lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    message = f"{name} must be true or false, not {value!r}."
    raise ImproperlyConfigured(message)


def integer(name: str, default: int) -> int:
    value = text(name, str(default)).strip()
    try:
        return int(value)
    except ValueError as error:
        message = f"{name} must be a whole number, not {value!r}."
        raise ImproperlyConfigured(message) from error


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def decimal(name: str, default: str) -> Decimal:
    value = text(name, default).strip()
    if _DECIMAL.fullmatch(value):
        return Decimal(value)
    message = f"{name} must be a number such as 12.50, not {value!r}."
    raise ImproperlyConfigured(message)


def prices(name: str, default: str) -> dict[str, Decimal]:
    """`*=0.10,US=0.008`: by country, and for all others."""
    found: dict[str, Decimal] = {}
    for word in words(name, default):
        country, _sign, price = word.partition("=")
        if not _DECIMAL.fullmatch(price) or not _COUNTRY.fullmatch(country):
            message = f"{name} has {word!r}: prices look like US=0.008, and *=0.10 for all others."
            raise ImproperlyConfigured(message)
        found[country] = Decimal(price)
    if "*" not in found:
        message = f"{name} says no price for all other countries, such as *=0.10."
        raise ImproperlyConfigured(message)
    return found


def database(name: str = "DATABASE_URL") -> dict[str, object]:
    """`postgresql://user:password@host:port/name` as Django's connection parameters."""
    url = urlsplit(text(name))
    if url.scheme not in {"postgres", "postgresql"}:
        return {"NAME": ""}
    return {
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": url.port or 5432,
    }


def redis_database(base: str, number: int) -> str:
    """The same server's database `number`; empty where there is no server."""
    if not base:
        return ""
    url = urlsplit(base)
    return urlunsplit((url.scheme, url.netloc, f"/{number}", url.query, ""))


def smtp(name: str = "EMAIL_URL") -> dict[str, object]:
    """`smtp[s|+tls]://user:password@host:port` as Django's e-mail settings."""
    url = urlsplit(text(name))
    return {
        "EMAIL_HOST": url.hostname or "",
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp+tls",
    }


def mail_provider(name: str) -> dict[str, Any] | None:
    """`smtp://…` as `smtp` reads it, or `anymail+<service>://?api_key=…` with the service's own options, as
    anymail calls them; a value in braces is JSON. As `kind` and `options`; None where there is none."""
    value = text(name)
    if not value:
        return None
    url = urlsplit(value)
    if url.scheme in {"smtp", "smtps", "smtp+tls"}:
        found = {key.removeprefix("EMAIL_").lower(): one for key, one in smtp(name).items()}
        named = {"host_user": "username", "host_password": "password"}
        return {"kind": "smtp", "options": {named.get(key, key): one for key, one in found.items()}}
    prefix, _plus, kind = url.scheme.partition("+")
    if prefix != "anymail" or not kind:
        message = f"{name} begins with smtp://, smtps://, smtp+tls:// or anymail+<service>://."
        raise ImproperlyConfigured(message)
    options = {key: _option(name, one) for key, one in parse_qsl(url.query, keep_blank_values=True)}
    return {"kind": kind.replace("-", "_"), "options": options}


def mail_providers(*names: str) -> list[dict[str, Any]]:
    """Of these variables, each under a name of its own. The first, where it is SMTP, is Django's own."""
    found: list[dict[str, Any]] = []
    for name in names:
        one = mail_provider(name)
        if one is not None:
            taken = [other["kind"] for other in found]
            suffix = "-2" if one["kind"] in taken else ""
            found.append({"name": f"{one['kind']}{suffix}", **one})
    if not found or found[0]["kind"] == "smtp":
        found[:1] = [{"name": "smtp", "kind": "smtp", "options": {}}]
    return found


def _option(name: str, value: str) -> object:
    if not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        message = f"{name} has a value in braces that is no JSON."
        raise ImproperlyConfigured(message) from error


def texts(*names: str) -> dict[str, str]:
    """Several variables that are of use only together."""
    return {name: text(name) for name in names}


_SCOPES = {"google": ["profile", "email"], "github": ["user:email"]}
_ORIGINS = {"google": "https://accounts.google.com", "github": "https://github.com"}


def sign_in_by(**services: dict[str, str]) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Services by which people may sign in, as django-allauth names and takes them; and what is missing of
    those that are half described. Each is told by its client id, its secret and perhaps its address."""
    known: dict[str, dict[str, Any]] = {}
    missing: dict[str, list[str]] = {}
    for service, values in services.items():
        if all(values.values()):
            known[service] = _service(service, *values.values())
        elif any(values.values()):
            missing[service] = [name for name, value in values.items() if not value]
    return known, missing


def sign_in_origins(services: dict[str, dict[str, Any]]) -> list[str]:
    """Where a browser is sent to sign in by each."""
    found = [_ORIGINS[service] for service in services if service in _ORIGINS]
    for app in services.get("openid_connect", {}).get("APPS", []):
        url = urlsplit(app["settings"]["server_url"])
        found.append(f"{url.scheme}://{url.netloc}")
    return found


def _service(service: str, client_id: str, secret: str, server_url: str = "") -> dict[str, Any]:
    app: dict[str, Any] = {"client_id": client_id, "secret": secret, "key": ""}
    if server_url:
        app |= {"provider_id": "oidc", "name": text("OIDC_NAME", "Single sign-on")}
        app["settings"] = {"server_url": server_url, "oauth_pkce_enabled": True}
    found: dict[str, Any] = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
    return found | ({"SCOPE": _SCOPES[service]} if service in _SCOPES else {})
