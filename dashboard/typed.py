"""What somebody sent after their session had ended is kept until they are signed in again."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from common.counters import Limit, NotCounting, TooOften, address_of, count, network

_KEY = "typed"
_MOST = 60_000
_HOUR = 3600
# Of one network: nobody fills the database with forms.
_AN_HOUR = 60


def keep(request: HttpRequest) -> str:
    """Keep a form that was sent to its own address; where to go after the sign-in.

    Only what this site's own form sends is kept: another's must not lie there, waiting to be sent.
    """
    if request.method != "POST":
        return request.get_full_path()
    back = came_from(request)
    if back is None:
        return "/"
    data = request.POST.urlencode()
    if back.partition("?")[0] == request.path and len(data) <= _MOST and _is_seldom(request):
        request.session[_KEY] = {"path": request.path, "data": data}
    return back


def _is_seldom(request: HttpRequest) -> bool:
    """What was typed is kept also while nobody counts."""
    visitor = network(address_of(request.META.get("REMOTE_ADDR") or ""))
    try:
        count([Limit("typed", visitor, _AN_HOUR, _HOUR)])
    except TooOften:
        return False
    except NotCounting:
        return True
    return True


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form at this address is filled with: what was sent, or kept. None: nothing was typed."""
    if request.method == "POST":
        return request.POST
    kept = request.session.get(_KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[_KEY]
    messages.warning(
        request, _("Your session had ended. Nothing was sent yet: please look at it and send it once more.")
    )
    data = QueryDict(kept["data"], mutable=True)
    data.pop("csrfmiddlewaretoken", None)
    return data


def came_from(request: HttpRequest) -> str | None:
    """The path and query of our own screen that the form was on; None where it was none of ours."""
    referrer = urlsplit(request.headers.get("Referer", ""))
    own = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    if not own or referrer.netloc != request.get_host() or referrer.path.startswith("//"):
        return None
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path
