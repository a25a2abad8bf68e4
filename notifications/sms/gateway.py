"""Any gateway that takes a message by one HTTP request: what it is sent is a template, and what it says to us
is signed as Standard Webhooks has it."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from notifications.choices import DeliveryStatus
from notifications.letters import Outcome, Verdict
from notifications.posts import Post, Reply
from notifications.sms.shapes import Forged, Inbound, Report, Sms

NAME = "gateway"
_PLACE = re.compile(r"\{(to|text|from|callback|id)\}")
_LONGEST = 64 * 1024
_FRESH = timedelta(minutes=5)
_SHUT = {401, 403, 404}
# What says that the message itself, or the number, is wrong.
_REFUSED = {400, 422}
_STATUSES = {
    "accepted": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.ACCEPTED,
    "delivered": DeliveryStatus.DELIVERED,
    "failed": DeliveryStatus.FAILED,
    "no_such_number": DeliveryStatus.BOUNCED,
    "opted_out": DeliveryStatus.FAILED,
}


def missing() -> list[str]:
    """Names of the settings that it needs and has not."""
    needed = ("SMS_GATEWAY_URL", "SMS_GATEWAY_BODY", "SMS_GATEWAY_SECRET")
    return [name for name in needed if not getattr(settings, name)]


def post(sms: Sms) -> Post:
    values = {
        "to": sms.to,
        "text": sms.text,
        "from": settings.SMS_GATEWAY_FROM,
        "callback": sms.callback,
        "id": f"sms-{sms.number}",
    }
    kind = settings.SMS_GATEWAY_CONTENT_TYPE
    headers = {"Content-Type": kind} | _authorized()
    body = filled(settings.SMS_GATEWAY_BODY, values, kind)
    return Post(sms.number, settings.SMS_GATEWAY_URL, body.encode(), headers)


def filled(template: str, values: dict[str, str], kind: str) -> str:
    """`template` with each {name} replaced once, written so that it cannot leave its place."""
    write: Callable[[str], str] = _in_json if "json" in kind else quote_plus
    return _PLACE.sub(lambda place: write(values[place[1]]), template)


def answered(outcome: Outcome, reply: Reply) -> Outcome:
    """The outcome with the id that the gateway gave the message."""
    if outcome.verdict == Verdict.ACCEPTED:
        return replace(outcome, provider_message_id=_found(reply.text, settings.SMS_GATEWAY_ID)[:255])
    if reply.code in _REFUSED:
        return replace(outcome, verdict=Verdict.FAILED)
    return replace(outcome, down=outcome.down or reply.code in _SHUT)


def lookup(sms: Sms) -> Post | None:
    """By our own id, where the gateway can be asked for it."""
    if not settings.SMS_GATEWAY_LOOKUP_URL:
        return None
    url = filled(settings.SMS_GATEWAY_LOOKUP_URL, {"id": f"sms-{sms.number}", "to": sms.to}, "")
    return Post(sms.number, url, b"", _authorized(), "GET", reads=_LONGEST, tells=False)


def taken(_sms: Sms, reply: Reply, _since: datetime) -> Sequence[str] | None:
    """404, or an answer without an id: it has not."""
    if reply.code == HTTPStatus.NOT_FOUND:
        return []
    if reply.code != HTTPStatus.OK:
        return None
    found = _found(reply.text, settings.SMS_GATEWAY_ID)
    return [found] if found else []


def report(request: HttpRequest) -> Report:
    """What became of a message: {"id", "status", "error"}. Raises Forged."""
    said = _checked(request)
    word = said.get("status")
    status = _STATUSES.get(word) if isinstance(word, str) else None
    if status is None:
        raise Forged
    error = str(said.get("error", ""))[:40]
    return Report(status, str(said.get("id", ""))[:255], error, opted_out=word == "opted_out")


def inbound(request: HttpRequest) -> Inbound:
    """What somebody has sent to our number: {"from", "text"}. Raises Forged."""
    said = _checked(request)
    sender, text = said.get("from"), said.get("text")
    if not isinstance(sender, str) or not isinstance(text, str):
        raise Forged
    return Inbound(sender, text)


def reply(text: str) -> HttpResponse:
    """An answer that the gateway sends on as a message; empty: none."""
    return JsonResponse({"reply": text})


def signature(message_id: str, stamp: str, body: bytes) -> str:
    """As Standard Webhooks signs."""
    key = b64decode(settings.SMS_GATEWAY_SECRET.removeprefix("whsec_"))
    signed = b".".join([message_id.encode(), stamp.encode(), body])
    return "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()


def is_secret(value: str) -> bool:
    """Whether it is a secret as Standard Webhooks writes one."""
    try:
        return len(b64decode(value.removeprefix("whsec_"), validate=True)) >= 24
    except NoBase64:
        return False


def _authorized() -> dict[str, str]:
    known = settings.SMS_GATEWAY_AUTHORIZATION
    return {"Authorization": known} if known else {}


def _checked(request: HttpRequest) -> dict[str, Any]:
    given = {name: request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")}
    if missing() or not _is_fresh(given["timestamp"]):
        raise Forged
    expected = signature(given["id"], given["timestamp"], request.body).encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in given["signature"].split()):
        raise Forged
    return _json(request.body.decode("utf-8", "replace"))


def _is_fresh(stamp: str) -> bool:
    """What was sent long ago, and perhaps caught on its way, counts no more."""
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12):
        return False
    return abs(timezone.now().timestamp() - int(stamp)) <= _FRESH.total_seconds()


def _found(text: str, path: str) -> str:
    """What stands at `path`, such as "messages.0.id", in an answer; empty where nothing does."""
    value: Any = _json(text)
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            value = value.get(name, "") if isinstance(value, dict) else ""
    return str(value) if isinstance(value, str | int) else ""


def _in_json(value: str) -> str:
    return json.dumps(value)[1:-1]


def _json(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
