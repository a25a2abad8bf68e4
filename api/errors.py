"""What is answered where something cannot be done: one shape for every reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse

from common.counters import TooOften
from common.errors import Refused, Taken
from common.patience import is_unsure
from tenants.keys import NotAdmitted, WrongPlace

JSON = "application/json"
_AWAY = (OperationalError, InterfaceError)
_SOON = {"Retry-After": "5"}
# A database that hangs may do what it was sent, once it goes on.
UNSURE = 504


class ApiError(Exception):
    """A request is answered with `status` and this text, which is for the developer who made it."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def rendered(status: int, body: Any, headers: dict[str, str] | None = None) -> HttpResponse:
    """`body` as JSON; None: nothing at all."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return sent(status, content, headers)


def sent(status: int, content: bytes, headers: dict[str, str] | None = None) -> HttpResponse:
    """JSON that is written already."""
    answer = HttpResponse(content, status=status, content_type=JSON, headers=headers)
    if status == 204:
        # A client that is told of JSON reads it, and falls over nothing.
        del answer.headers["Content-Type"]
    return answer


def failed(status: int, message: str, headers: dict[str, str] | None = None) -> HttpResponse:
    """Clients of the original read `error`, its documents say `message`."""
    return rendered(status, {"error": message, "message": message}, headers)


def answer_to(error: Exception, called: Callable[[str], str] = str) -> HttpResponse | None:
    """What is answered where this was raised; None where it should not have been. `called`: what the client
    calls a field."""
    if isinstance(error, ApiError):
        return failed(error.status, error.message, error.headers)
    if isinstance(error, NotAdmitted):
        return failed(401, f"Could not authenticate. {error}", {"WWW-Authenticate": "OAuth"})
    if isinstance(error, PermissionDenied | WrongPlace):
        return failed(403, str(error) or "Not allowed")
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return failed(404, "Not found")
    if isinstance(error, Taken):
        return failed(409, _about(error, called))
    if isinstance(error, Refused):
        return failed(422, _about(error, called))
    if isinstance(error, TooOften):
        return failed(429, "Too many requests", {"Retry-After": str(error.seconds)})
    if isinstance(error, _AWAY):
        return _away(error)
    return None


def _away(error: Exception) -> HttpResponse:
    if is_unsure(error):
        return failed(UNSURE, "The database has not answered in time. Look before you send it again.", _SOON)
    return failed(503, "The database does not answer. Nothing was saved.", _SOON)


def _about(error: Refused, called: Callable[[str], str]) -> str:
    field = called(error.field) if error.field else ""
    return f"{field}: {error.message}" if field else error.message
