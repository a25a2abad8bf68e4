"""As much of Slack as the local stack needs: asks for a channel, and gives its address away."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html, format_html_join
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from common.ids import new_id

_CHANNELS = ("#status", "#on-call")
_WITHIN = 600


@require_safe
def choose_channel(request: HttpRequest) -> HttpResponse:
    """Slack's page that asks where our app may write."""
    _only_here()
    back, state = request.GET.get("redirect_uri", ""), request.GET.get("state", "")
    if request.GET.get("client_id") != settings.SLACK_CLIENT_ID or not back.startswith("http"):
        raise Http404
    ways = [(_answer(back, state, code=_signer().sign(name)), f"Allow into {name}") for name in _CHANNELS]
    links = format_html_join("", '<li><a href="{}">{}</a></li>', [*ways, _refusal(back, state)])
    shown = format_html(
        "<!doctype html><title>Slack</title><h1>Slack, on this machine</h1><ul>{}</ul>", links
    )
    return HttpResponse(shown)


@csrf_exempt
@require_POST
def exchange_code(request: HttpRequest) -> HttpResponse:
    """Slack's `oauth.v2.access`."""
    _only_here()
    try:
        channel = _signer().unsign(request.POST.get("code", ""), max_age=_WITHIN)
    except BadSignature:
        return JsonResponse({"ok": False, "error": "invalid_code"})
    if request.POST.get("client_secret") != settings.SLACK_CLIENT_SECRET:
        return JsonResponse({"ok": False, "error": "bad_client_secret"})
    hook = {"channel": channel, "url": f"{settings.SLACK_URL}/hooks/{new_id()}"}
    return JsonResponse({"ok": True, "team": {"name": "Local"}, "incoming_webhook": hook})


@csrf_exempt
@require_POST
def take_chat(_request: HttpRequest, name: str) -> HttpResponse:
    """An incoming webhook of the channel `name`. What it is sent has been kept for the mailbox."""
    _only_here()
    return HttpResponse("ok", content_type="text/plain", headers={"X-Channel": name[:40]})


def _refusal(back: str, state: str) -> tuple[str, str]:
    return _answer(back, state, error="access_denied"), "Do not allow it"


def _answer(back: str, state: str, **said: str) -> str:
    return f"{back}?{urlencode({'state': state} | said)}"


def _only_here() -> None:
    if not settings.MESSAGES_DIR:
        raise Http404


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="dev.slack")
