"""What providers call at app hosts. Signed by them; nobody is signed in."""

from __future__ import annotations

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from common.errors import Refused
from notifications import providers, tracking
from notifications.sms import optouts, references, reports
from notifications.sms.optouts import Asked
from notifications.sms.providers import PROVIDERS, Provider
from notifications.sms.shapes import Forged, Inbound
from subscribers.phones import spelled

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def sms_status(request: HttpRequest, provider: str) -> HttpResponse:
    """What became of an SMS. Again, or out of order, is answered as well: nothing would be gained by more."""
    try:
        report = _provider(provider).report(request)
    except Forged:
        return _forged(provider)
    of = references.read(request.GET.get("of", ""))
    if of is None:
        return _forged(provider)
    reports.note(provider, of, report, timezone.now())
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def sms_inbound(request: HttpRequest, provider: str) -> HttpResponse:
    """An SMS that somebody has sent to us: STOP, START or HELP; anything else gets no answer."""
    found = _provider(provider)
    try:
        said = found.inbound(request)
        number = spelled(said.sender)
    except (Forged, Refused):
        return _forged(provider)
    return found.reply(_follow(said, number, provider))


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_report(request: HttpRequest, provider: str) -> HttpResponse:
    """What became of mail that a service took. Services ask with HEAD whether there is anybody."""
    known = providers.providers().get(provider)
    view = tracking.view_of(known) if known else None
    if known is None or view is None:
        raise Http404
    if request.method == "HEAD":
        return HttpResponse()
    try:
        tracking.take(request, known, view)
    except tracking.NotSigned:
        return _forged(provider)
    except tracking.Unreadable:
        return HttpResponse("This service says it otherwise.", status=400, content_type="text/plain")
    return HttpResponse()


def _follow(said: Inbound, number: str, provider: str) -> str:
    """Do what is asked for; what to answer. Carriers and providers answer STOP and START by themselves."""
    asked = optouts.read(said.text)
    if asked is Asked.STOP:
        optouts.opt_out(number, provider, timezone.now())
    elif asked is Asked.START:
        optouts.opt_in(number)
    elif asked is Asked.HELP and not said.answered:
        return optouts.help_for(number)
    return ""


def _provider(name: str) -> Provider:
    if name not in PROVIDERS:
        raise Http404
    return PROVIDERS[name]


def _forged(provider: str) -> HttpResponse:
    log.warning("hooks.forged", provider=provider)
    return HttpResponse("This was not signed by the provider.", status=403, content_type="text/plain")
