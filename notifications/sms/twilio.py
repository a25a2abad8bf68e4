"""Twilio's Programmable Messaging: a form for each message, signed requests back."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import sha1
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape

from notifications.choices import DeliveryStatus
from notifications.letters import Outcome, Verdict
from notifications.posts import Post, Reply
from notifications.sms.references import hooks_url
from notifications.sms.shapes import Forged, Inbound, Report, Sms

NAME = "twilio"
OPTED_OUT = 21610
# The number is none, or no telephone that takes messages.
_NO_PHONE = {21211, 21214, 21217, 21421, 21614, 30005, 30006}
# About this message or this country alone: another attempt changes nothing.
_REFUSED = {21408, 21602, 21612, 21617}
# Wrong credentials, a closed account: nothing that we send is taken.
_SHUT = {401, 403, 404}
# Of one number: more have not been sent while an answer was lost.
_NEWEST, _LONGEST = 20, 64 * 1024
_STATUSES = {
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "queued": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.ACCEPTED,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.DELIVERED,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}


def missing() -> list[str]:
    """Names of the settings that it needs and has not."""
    names = [name for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not getattr(settings, name)]
    if not (settings.TWILIO_MESSAGING_SERVICE or settings.TWILIO_FROM):
        names.append("TWILIO_MESSAGING_SERVICE")
    return names


def post(sms: Sms) -> Post:
    service = settings.TWILIO_MESSAGING_SERVICE
    sender = {"MessagingServiceSid": service} if service else {"From": settings.TWILIO_FROM}
    form = {"To": sms.to, "Body": sms.text, "StatusCallback": sms.callback} | sender
    content = {"Content-Type": "application/x-www-form-urlencoded"}
    return Post(sms.number, _messages_url(), urlencode(form).encode(), _authorized() | content)


def lookup(sms: Sms) -> Post:
    """Its newest messages to this number."""
    url = f"{_messages_url()}?{urlencode({'To': sms.to, 'PageSize': _NEWEST})}"
    return Post(sms.number, url, b"", _authorized(), "GET", reads=_LONGEST, tells=False)


def taken(sms: Sms, reply: Reply, since: datetime) -> Sequence[str] | None:
    """Twilio keeps no reference of ours: by the words, after `since`."""
    found = _json(reply.text).get("messages")
    if reply.code != HTTPStatus.OK or not isinstance(found, list):
        return None
    mine = [one for one in found if isinstance(one, dict) and str(one.get("body", "")).endswith(sms.text)]
    return [str(one.get("sid", "")) for one in reversed(mine) if _is_after(one.get("date_created"), since)]


def answered(outcome: Outcome, reply: Reply) -> Outcome:
    """The outcome with what Twilio's own words add to the status of its answer."""
    said = _json(reply.text)
    if outcome.verdict == Verdict.ACCEPTED:
        return replace(outcome, provider_message_id=str(said.get("sid", ""))[:255])
    code = said.get("code")
    if code == OPTED_OUT:
        return replace(outcome, verdict=Verdict.SUPPRESSED, opted_out=True)
    if code in _NO_PHONE:
        return replace(outcome, verdict=Verdict.BOUNCED)
    if code in _REFUSED:
        return replace(outcome, verdict=Verdict.FAILED)
    return replace(outcome, down=outcome.down or reply.code in _SHUT)


def report(request: HttpRequest) -> Report:
    """What became of a message. Raises Forged."""
    _check(request)
    status = _STATUSES.get(request.POST.get("MessageStatus", ""))
    if status is None:
        raise Forged
    error = request.POST.get("ErrorCode", "")
    code = int(error) if error.isdecimal() else 0
    if status == DeliveryStatus.FAILED and code in _NO_PHONE:
        status = DeliveryStatus.BOUNCED
    opted_out = status == DeliveryStatus.FAILED and code == OPTED_OUT
    return Report(status, request.POST.get("MessageSid", "")[:255], error[:40], opted_out)


def inbound(request: HttpRequest) -> Inbound:
    """What somebody has sent to one of our numbers. Raises Forged."""
    _check(request)
    sender = request.POST.get("From", "")
    if not sender:
        raise Forged
    return Inbound(sender, request.POST.get("Body", ""), answered=bool(request.POST.get("OptOutType")))


def reply(text: str) -> HttpResponse:
    """An answer that is sent on as a message; empty: none."""
    message = f"<Message>{escape(text)}</Message>" if text else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{message}</Response>'
    return HttpResponse(body, content_type="text/xml; charset=utf-8")


def signature(url: str, form: list[tuple[str, list[str]]]) -> str:
    """As Twilio signs: the address, then each member of the form by its name."""
    signed = url + "".join(name + value for name, values in sorted(form) for value in sorted(set(values)))
    return b64encode(hmac.digest(settings.TWILIO_AUTH_TOKEN.encode(), signed.encode(), sha1)).decode()


def _messages_url() -> str:
    return f"{settings.TWILIO_API_URL}/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}/Messages.json"


def _authorized() -> dict[str, str]:
    pair = f"{settings.TWILIO_ACCOUNT_SID}:{settings.TWILIO_AUTH_TOKEN}"
    return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}


def _is_after(said: object, since: datetime) -> bool:
    """`said` as mail dates things; what cannot be read may be."""
    try:
        return parsedate_to_datetime(str(said)) >= since
    except ValueError:
        return True


def _check(request: HttpRequest) -> None:
    request.encoding = "utf-8"
    form, given = list(request.POST.lists()), request.headers.get("X-Twilio-Signature", "").encode()
    known = [signature(url, form) for url in _spellings(hooks_url(request.get_full_path()))]
    if missing() or not any(hmac.compare_digest(one.encode(), given) for one in known):
        raise Forged


def _spellings(url: str) -> set[str]:
    """With the port and without: Twilio signs now the one, now the other."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    hosts = parts.hostname, f"{parts.hostname}:{port}"
    return {urlunsplit((parts.scheme, str(host), *parts[2:])) for host in hosts}


def _json(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
