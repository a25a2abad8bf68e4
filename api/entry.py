"""The entrance of the API."""

from __future__ import annotations

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from api.errors import answer_to, failed
from api.v1 import urls
from pages.change import committed

log = structlog.get_logger(__name__)


@csrf_exempt
def enter(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Everything below /v1, so that what goes wrong is told in one shape, even where we are to blame."""
    # A machine is answered as soon as its change is safe: it does not wait to see it on the page.
    reset = committed.set(None)
    try:
        return _found(request, rest)
    except Exception as error:
        answer = answer_to(error)
        if answer is None:
            log.exception("api.failed")
        return answer or failed(500, "Something went wrong here. It has been noted.")
    finally:
        committed.reset(reset)


def _found(request: HttpRequest, rest: str) -> HttpResponse:
    """`.json` at the end, slashes too many and one at the end make no difference."""
    path = "/".join(part for part in rest.split("/") if part).removesuffix(".json")
    try:
        view, _args, ids = resolve(f"/{path}", urls.__name__)
    except Resolver404 as error:
        raise Http404 from error
    answer: HttpResponse = view(request, **ids)
    return answer
