"""What every request at an app host goes through."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

from accounts.context import NEEDED_BY
from accounts.factors import has_second_factor
from common.ids import new_id
from common.patience import is_unsure, patience
from common.tenancy import in_tenant, leave_tenant
from dashboard.known import remember
from dashboard.typed import keep
from edge.request import hostname
from tenants.access import enter

Handler = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger(__name__)
_AWAY = (OperationalError, InterfaceError)
# Seconds for one answer of the database, longer than any lock is waited for there.
_VISITORS_WAIT, _TEAM_WAITS = 2.5, 6.0
_ORGANISATION = re.compile(r"/o/(?P<slug>[a-z0-9-]+)(?P<rest>/.*)")
_CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)


class RequestContext:
    """A request id in logs and answer; every request begins and ends on the public schema.

    What is not an app host is a page host: it has other addresses.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = new_id()
        # Our forms are UTF-8, whatever a request says of itself.
        request.encoding = "utf-8"
        leave_tenant()
        is_of_team = host_of(request) in settings.APP_HOSTS
        if not is_of_team:
            request.urlconf = settings.PAGE_URLCONF
        waits = patience(_TEAM_WAITS if is_of_team else _VISITORS_WAIT)
        with waits, structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                response = self.get_response(request)
            finally:
                leave_tenant()
        response.headers["X-Request-Id"] = request_id
        return response


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Files are small, so each is one piece: Django warns of what a synchronous iterator feeds to ASGI."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        with found.file or nullcontext() as file:
            response = HttpResponse(file.read() if file else b"", status=int(found.status))
        del response.headers["Content-Type"]
        for name, value in found.headers:
            response.headers[name] = value
        return response


def host_of(request: HttpRequest) -> str:
    """The Host header, as the edge reads it."""
    return hostname(request.META.get("HTTP_HOST", "").encode("latin-1", "replace"))


class SecurityHeaders:
    """A strict policy for what a browser may load; nothing that Django answers is for shared caches."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", " ".join([_CSP, *settings.SIGN_IN_ORIGINS]))
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class Language:
    """At app hosts: the language that was chosen in this browser, or the one that it asks for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if host_of(request) not in settings.APP_HOSTS:
            return self.get_response(request)
        with translation.override(_language(request)):
            return self.get_response(request)


def _language(request: HttpRequest) -> str:
    wanted = request.headers.get("Accept-Language", "")
    asked = [code for code, _weight in parse_accept_lang_header(wanted)]
    for code in (request.COOKIES.get("language", ""), *(one.partition("-")[0] for one in asked)):
        if code in settings.DASHBOARD_LANGUAGES:
            return code
    return settings.LANGUAGE_CODE


class DatabaseAway:
    """Says plainly that nothing was saved, where the database does not answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return database_away(error) if isinstance(error, _AWAY) else None


def database_away(error: Exception) -> HttpResponse:
    log.warning("request.database_away", error=type(error).__name__)
    connection.close()
    # A server that hangs may have it in its ear.
    said = render_to_string("database_away.html", {"unsure": is_unsure(error)})
    return HttpResponse(said, status=503, headers={"Retry-After": "5"})


class Organisation:
    """`/o/<slug>/…`: the organisation is the one that the address names, and only its members get in.

    Inside, the connection is in its schema, `organisation` and `standing` of the request say who asks, and
    addresses are resolved and built by statuspage/organisation_urls.py as if /o/<slug>/ were the root.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        match = _ORGANISATION.fullmatch(request.path_info)
        if match is None or host_of(request) not in settings.APP_HOSTS:
            return self.get_response(request)
        try:
            if not request.user.is_authenticated:
                return redirect_to_login(keep(request))
            return self._inside(request, match["slug"], match["rest"])
        except _AWAY as error:
            return database_away(error)

    def _inside(self, request: HttpRequest, slug: str, rest: str) -> HttpResponse:
        # No name or id has such a character in it, and PostgreSQL takes none.
        if "\0" in rest or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
        tenant, standing = enter(request.user, slug)
        if tenant.requires_2fa and not has_second_factor(request.user):
            request.session[NEEDED_BY] = tenant.name
            return HttpResponseRedirect("/accounts/2fa/")
        request.organisation = tenant  # type: ignore[attr-defined]
        request.standing = standing  # type: ignore[attr-defined]
        request.urlconf = "statuspage.organisation_urls"
        request.path_info = rest
        prefix = get_script_prefix()
        set_script_prefix(f"{prefix}o/{slug}/")
        try:
            with in_tenant(tenant.id):
                response = self.get_response(request)
            remember(request, response)
            return response
        finally:
            set_script_prefix(prefix)
            timezone.deactivate()
