"""As much of Twilio as the local stack needs: takes a message, and reports signed what became of it.

The messages themselves are kept for the mailbox before they get here.
"""

from __future__ import annotations

import hmac
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlencode

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from common.ids import new_id
from notifications.sms import twilio
from notifications.sms.references import hooks_url

log = structlog.get_logger(__name__)

_REPORTED = ("sent", "delivered")
_BETWEEN = 0.3


@csrf_exempt
@require_http_methods(["GET", "POST"])
def take_message(request: HttpRequest, account: str) -> HttpResponse:
    """Twilio's Messages resource; it answers each request, so nothing of it is ever in doubt."""
    if not settings.MESSAGES_DIR:
        raise Http404
    known = b64encode(f"{account}:{settings.TWILIO_AUTH_TOKEN}".encode()).decode()
    if not hmac.compare_digest(request.headers.get("Authorization", ""), f"Basic {known}"):
        return JsonResponse({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
    if request.method == "GET":
        return JsonResponse({"messages": []})
    url = request.POST.get("StatusCallback", "")
    if not request.POST.get("To") or not url.startswith(hooks_url("/hooks/sms/")):
        return JsonResponse({"code": 21604, "message": "Not a message", "status": 400}, status=400)
    sid = f"SM{new_id()}"
    Thread(target=_report, args=(url, sid), daemon=True).start()
    return JsonResponse({"sid": sid, "status": "queued"}, status=201)


def reports(url: str, sid: str) -> Iterator[urllib.request.Request]:
    """The requests by which Twilio says that a message was sent, and has arrived."""
    for status in _REPORTED:
        form = {"MessageSid": sid, "MessageStatus": status}
        signature = twilio.signature(url, [(name, [value]) for name, value in form.items()])
        headers = {"X-Twilio-Signature": signature}
        yield urllib.request.Request(url, urlencode(form).encode(), headers)  # noqa: S310 our own address


def _report(url: str, sid: str) -> None:
    for request in reports(url, sid):
        time.sleep(_BETWEEN)
        try:
            urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 our own address
        except (urllib.error.URLError, OSError) as error:
            log.warning("dev.sms_not_reported", error=str(error))
