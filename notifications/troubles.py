"""What a page's team hears of messages that do not arrive, or that people call spam."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from common.tenancy import current_tenant_id
from notifications.choices import SuppressionReason
from notifications.models import Suppression
from outbox.queue import put
from outbox.registry import Claimed, Later
from pages.models import StatusPage
from subscribers.choices import Channel, Reason, SubscriberState
from subscribers.models import Subscriber
from subscribers.troubles import AGAIN, Trouble, tell_team, told_at

TROUBLE = "trouble"
# Bounces come in swarms: the first of them is told with those that follow.
_GATHERED = timedelta(minutes=10)


def ask(page_id: str) -> None:
    """Have the team told of what has just happened to a subscriber of the page."""
    put(TROUBLE, current_tenant_id(), [page_id], due_at=timezone.now() + _GATHERED)


def see_to_trouble(item: Claimed) -> None:
    """The key is a page's id. What the team heard of less than a day ago waits until then."""
    page = StatusPage.objects.present().filter(pk=item.key).first()
    if page is None:
        return
    now = timezone.now()
    waits = [wait for trouble in _NUMBERS if (wait := _tell(page, trouble, now))]
    if waits:
        raise Later(min(waits))


def _tell(page: StatusPage, trouble: Trouble, now: datetime) -> timedelta | None:
    """How long it is too early for that; None: there is nothing more to tell."""
    last = told_at(page, trouble)
    number = _NUMBERS[trouble](page, last or page.created_at)
    if not number:
        return None
    if last is not None and now < last + AGAIN:
        return last + AGAIN - now
    tell_team(page, trouble, {"number": number}, now)
    return None


def _unreachable(page: StatusPage, since: datetime) -> int:
    mine = Subscriber.objects.of_page(page.pk).exclude(quarantine_reason=Reason.TEAM)
    return mine.filter(state=SubscriberState.QUARANTINED, quarantined_at__gt=since).count()


def _complaints(page: StatusPage, since: datetime) -> int:
    complained = Suppression.objects.of(current_tenant_id()).filter(
        channel=Channel.EMAIL, reason=SuppressionReason.COMPLAINED, created_at__gt=since
    )
    mine = Subscriber.objects.of_page(page.pk).filter(channel=Channel.EMAIL)
    return mine.filter(address_hash__in=complained.values("target_hash")).count()


# How many subscribers something has happened to since then.
_NUMBERS: dict[Trouble, Callable[[StatusPage, datetime], int]] = {
    Trouble.UNREACHABLE: _unreachable,
    Trouble.COMPLAINTS: _complaints,
}
