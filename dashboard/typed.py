"""What somebody sent too late is kept until they are signed in again, or have proven who they are."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy

from common.counters import Limit, NotCounting, TooOften, count
from dashboard import known

_KEY = "typed"
_MOST = 60_000
_HOUR = 3600
# Of one person: nobody fills the database with forms.
_AN_HOUR = 60
# Parts of the names of fields that lie in no session.
_SECRET = ("csrf", "password", "secret")
_WORDS = {
    "ended": gettext_lazy(
        "Your session had ended. Nothing was sent yet: please look at it and send it once more."
    ),
    "proven": gettext_lazy("Thank you. Nothing was sent yet: please look at it and send it once more."),
}


def keep(request: HttpRequest) -> str:
    """Keep a form that was sent to its own address; where to go after the sign-in.

    Only what this site's own form sends is kept, in a browser where somebody has signed in: no other site's
    may lie there, waiting to be sent, and no stranger's in our database.
    """
    if request.method != "POST":
        return request.get_full_path()
    back = came_from(request)
    if back is None:
        return "/"
    person = known.who(request)
    if back.partition("?")[0] == request.path and _is_seldom(person):
        _put(request, "ended", person)
    return back


def hold(request: HttpRequest) -> None:
    """Keep a form that passed every check, until whoever sent it has proven who they are."""
    if request.method == "POST":
        _put(request, "proven", str(request.user.pk))


def typed(request: HttpRequest, at: str = "") -> QueryDict | None:
    """What a form is filled with that is sent to this address, or to `at`: what was sent, or kept.

    None: nothing was typed, or by somebody else who sat here before.
    """
    if request.method == "POST":
        return request.POST
    kept = request.session.get(_KEY)
    if not kept or (kept["path"], kept.get("person")) != (at or request.path, str(request.user.pk)):
        return None
    del request.session[_KEY]
    messages.warning(request, str(_WORDS[kept["why"]]))
    return QueryDict(kept["data"], mutable=True)


def came_from(request: HttpRequest) -> str | None:
    """The path and query of our own screen that the form was on; None where it was none of ours."""
    referrer = urlsplit(request.headers.get("Referer", ""))
    own = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    if not own or referrer.netloc != request.get_host() or referrer.path.startswith("//"):
        return None
    return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path


def _put(request: HttpRequest, why: str, person: str) -> None:
    said = request.POST.copy()
    for name in [one for one in said if any(part in one for part in _SECRET)]:
        del said[name]
    data = said.urlencode()
    if len(data) <= _MOST:
        request.session[_KEY] = {"path": request.path, "data": data, "why": why, "person": person}


def _is_seldom(person: str) -> bool:
    """Whether it is somebody, and not too often. What was typed is kept also while nobody counts."""
    if not person:
        return False
    try:
        count([Limit("typed", person, _AN_HOUR, _HOUR)])
    except TooOften:
        return False
    except NotCounting:
        return True
    return True
