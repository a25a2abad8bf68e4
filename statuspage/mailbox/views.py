"""`/dev/messages`, in the local stack alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from statuspage.mailbox import messages

View = Callable[..., HttpResponse]
CHANNELS = ["email", "webhook", "slack", "teams", "discord", "google_chat", "sms"]
# Mail brings its own style, and runs nothing.
_MAIL_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'self'"


def _local(view: View) -> View:
    """Where messages are really sent there is nothing to see."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
        if not settings.MESSAGES_DIR:
            raise Http404
        return view(request, Path(settings.MESSAGES_DIR), **parts)

    return guarded


@require_safe
@_local
def mailbox(request: HttpRequest, folder: Path) -> HttpResponse:
    channel, name = request.GET.get("channel", ""), request.GET.get("open", "")
    found = messages.newest(folder, channel)
    path = messages.find(folder, name)
    opened = messages.read(path) if path else next(iter(found), None)
    values = {"messages": found, "opened": opened, "channel": channel, "channels": CHANNELS}
    return render(request, "dev/messages.html", values)


@require_safe
@xframe_options_sameorigin
@_local
def mail_html(request: HttpRequest, folder: Path, name: str) -> HttpResponse:
    path = messages.find(folder, name)
    if path is None or path.suffix != ".eml":
        raise Http404
    return HttpResponse(messages.html(path), headers={"Content-Security-Policy": _MAIL_CSP})
