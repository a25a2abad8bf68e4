"""A form whose token is not the browser's any more, because somebody signed in anew in another tab."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views.csrf import csrf_failure

from dashboard.typed import came_from, keep


def token_refused(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Our own forms are shown once more with what was typed; all else is refused."""
    if hasattr(request, "organisation") and came_from(request) is not None:
        return HttpResponseRedirect(keep(request))
    return csrf_failure(request, reason)
