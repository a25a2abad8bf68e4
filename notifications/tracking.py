"""What services report of mail that they took: signed or secret, kept as it comes, seen to by a worker."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import structlog
from anymail import urls
from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType
from django.http import HttpRequest
from django.utils import timezone

from notifications.models import MailReport
from notifications.providers import SMTP, Provider
from outbox.nudge import nudge
from outbox.registry import Lane
from subscribers.addresses import address_hash
from subscribers.choices import Channel

log = structlog.get_logger(__name__)

# What is of no consequence is not kept: that somebody opened a message is nobody's business.
KEPT = frozenset(
    {
        EventType.DELIVERED,
        EventType.BOUNCED,
        EventType.REJECTED,
        EventType.FAILED,
        EventType.DEFERRED,
        EventType.COMPLAINED,
        EventType.UNSUBSCRIBED,
    }
)
_VIEWS = {one.name: one.callback.view_class for one in urls.urlpatterns}
_LARGEST_ID = 2**63


class NotSigned(Exception):
    """Nothing proves that the service sent this."""


class Unreadable(Exception):
    """It is not what this service sends."""


def view_of(provider: Provider) -> Any:
    """anymail's view of its reports; None where it has none, or nothing is set that could prove them."""
    found = _VIEWS.get(f"{provider.kind}_tracking_webhook") or _VIEWS.get(f"{provider.kind}_webhook")
    if provider.kind == SMTP or found is None:
        return None
    try:
        view = found(**provider.options)
    except AnymailConfigurationError:
        return None
    return view if view.basic_auth or not view.warn_if_no_basic_auth else None


def take(request: HttpRequest, provider: Provider, view: Any) -> int:
    """Keep what a service reports, in one insert; how many reports. Again, it changes nothing.

    Raises NotSigned and Unreadable.
    """
    view.setup(request)
    try:
        view.run_validators(request)
        events = view.parse_events(request)
    except AnymailWebhookValidationFailure as error:
        raise NotSigned from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unreadable from error
    reports = _reports(provider, events)
    MailReport.objects.bulk_create(reports, ignore_conflicts=True)
    if reports:
        nudge([Lane.NOTIFY])
    return len(reports)


def _reports(provider: Provider, events: Iterable[Any]) -> list[MailReport]:
    now = timezone.now()
    told = [one for one in events if isinstance(one, AnymailTrackingEvent) and one.event_type in KEPT]
    return [
        MailReport(
            provider=provider.name,
            fingerprint=_fingerprint(one),
            kind=one.event_type,
            delivery_id=_delivery(one),
            message_id=str(one.message_id or "").strip("<>")[:255],
            target_hash=address_hash(Channel.EMAIL, one.recipient or ""),
            reason=str(one.reject_reason or "")[:40],
            said=_said(one),
            received_at=now,
        )
        for one in told
    ]


def _fingerprint(event: AnymailTrackingEvent) -> str:
    """The same for the same report, however often it is sent."""
    said = event.event_id or json.dumps(event.esp_event, sort_keys=True, default=str)
    return hashlib.sha256(f"{event.event_type}\0{event.recipient}\0{said}".encode()).hexdigest()


def _delivery(event: AnymailTrackingEvent) -> int | None:
    number = str((event.metadata or {}).get("delivery", ""))
    return int(number) if number.isdecimal() and int(number) < _LARGEST_ID else None


def _said(event: AnymailTrackingEvent) -> str:
    """Without the address, which is not ours to keep in one more place."""
    said = str(event.mta_response or event.description or "").replace("\0", "")
    return said.replace(event.recipient, "…")[:500] if event.recipient else said[:500]
