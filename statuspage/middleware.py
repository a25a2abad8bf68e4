"""What every request at an app host goes through."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from common.ids import new_id

Handler = Callable[[HttpRequest], HttpResponse]
_CSP = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class RequestContext:
    """A request id in logs and answer; every request begins and ends on the public schema.

    What is not an app host is a page host: it has other addresses.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = new_id()
        connection.set_schema_to_public()
        if host_of(request) not in settings.APP_HOSTS:
            request.urlconf = settings.PAGE_URLCONF  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                response = self.get_response(request)
            finally:
                connection.set_schema_to_public()
        response.headers["X-Request-Id"] = request_id
        return response


def host_of(request: HttpRequest) -> str:
    """Lower-case, without the port."""
    host = request.META.get("HTTP_HOST", "").lower()
    name, _, port = host.rpartition(":")
    return name if port.isdigit() else host


class SecurityHeaders:
    """A strict policy for what a browser may load; nothing that Django answers is for shared caches."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", _CSP)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
