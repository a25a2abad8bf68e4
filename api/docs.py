"""The API's document, and a page to read and try it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from api.errors import rendered
from api.schema.document import document

# Scripts and styles are files of ours alone; what it draws has pictures within.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@require_safe
def openapi(_request: HttpRequest) -> HttpResponse:
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
    return rendered(200, document(), headers)


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    answer = render(request, "api/docs.html")
    answer.headers["Content-Security-Policy"] = _CSP
    return answer
