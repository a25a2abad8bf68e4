"""What the outbox asks of this app."""

import contextlib
from datetime import timedelta
from functools import partial

from django.utils import timezone

from common.errors import Busy, Refused
from events.actor import SYSTEM
from notifications import troubles
from notifications.actions import suppress, withdraw
from notifications.choices import DeliveryLane, SuppressionReason
from notifications.expansion import expand
from notifications.health import FAILING, GIVE_UP_AFTER, failing_since
from notifications.models import Delivery, EndpointHealth
from notifications.sending import BOUNCE, ECHO, send_due, take_back
from notifications.tracking_outcomes import COMPLAINED, OPTED_OUT, see_to_reports
from notifications.troubles import TROUBLE, see_to_trouble
from outbox.registry import Claimed, Lane, Later, register, register_source
from pages.change import NOTIFY
from subscribers.actions import confirm, quarantine, unsubscribe, warn
from subscribers.choices import MACHINES, Reason, SubscriberState
from subscribers.models import Subscriber
from subscribers.noting import WITHDRAW


def let_go(item: Claimed) -> None:
    """The key is the id of a subscriber who left, is in quarantine, or has been erased."""
    subscriber = Subscriber.objects.filter(pk=item.key).first()
    if subscriber is not None and subscriber.is_active:
        return
    withdraw(item.tenant_id, item.key, subscriber)
    # What is being sent at this moment may come back to be tried again.
    if Delivery.objects.of(item.tenant_id).to(item.key).under_way().exists():
        raise Later(timedelta(seconds=5))


def note_bounce(item: Claimed) -> None:
    """The key is the id of a subscriber whose address does not work."""
    subscriber = _found(item)
    if subscriber is not None:
        _silence(subscriber, Reason.GONE if subscriber.channel in MACHINES else Reason.CAME_BACK)
        troubles.ask(subscriber.page_id)


def note_opt_out(item: Claimed) -> None:
    """The key is the id of a subscriber who left by the service's own link: told no more by any page of the
    tenant."""
    subscriber = _found(item)
    if subscriber is not None:
        _end(subscriber.channel, subscriber.address_hash)


def note_complaint(item: Claimed) -> None:
    """The key is the id of a delivery that somebody called spam: nobody of the tenant writes to them."""
    delivery = Delivery.objects.of(item.tenant_id).exclude(target_hash="").filter(pk=item.key).first()
    if delivery is None:
        return
    whose = delivery.channel, delivery.target_hash
    suppress(*whose, SuppressionReason.COMPLAINED, SYSTEM, delivery.provider)
    for page_id in _end(*whose):
        troubles.ask(page_id)


def _end(channel: str, target_hash: str) -> list[str]:
    """Unsubscribe an address from every page of the tenant; ids of those that it was known to."""
    known = Subscriber.objects.filter(channel=channel, address_hash=target_hash).select_related("page")
    for one in known:
        unsubscribe(one.page, one, SYSTEM)
    return [one.page_id for one in known]


def note_echo(item: Claimed) -> None:
    """The key is the id of a subscriber whose machine repeated the challenge that it was sent."""
    subscriber = _found(item)
    if subscriber is None or subscriber.state != SubscriberState.UNCONFIRMED:
        return
    try:
        confirm(subscriber.page, subscriber, SYSTEM)
    except Busy as busy:
        raise Later(timedelta(seconds=1)) from busy


def look_after(item: Claimed) -> None:
    """The key is the id of a subscriber whose machine keeps failing: its owner is warned once, and after days
    without one success it is given up."""
    subscriber = _found(item)
    mine = EndpointHealth.objects.of(item.tenant_id).filter(subscriber_id=item.key)
    health = mine.first()
    if subscriber is None or health is None or not subscriber.is_active:
        return
    now, since = timezone.now(), failing_since(health, subscriber.confirmed_at)
    if since is None:
        return
    if since <= now - GIVE_UP_AFTER:
        _silence(subscriber, Reason.FAILED)
        mine.update(disabled_at=now, disabled_reason=Reason.FAILED)
        troubles.ask(subscriber.page_id)
    elif health.warned_at is None or health.warned_at < since:
        warn(subscriber.page, subscriber, SYSTEM)
        mine.update(warned_at=now)


def _silence(subscriber: Subscriber, reason: Reason) -> None:
    # Who has left or been put there meanwhile is told nothing already.
    with contextlib.suppress(Refused):
        quarantine(subscriber.page, subscriber, SYSTEM, reason)


def _found(item: Claimed) -> Subscriber | None:
    return Subscriber.objects.select_related("page").filter(pk=item.key).first()


register(NOTIFY, Lane.NOTIFY, expand)
register(WITHDRAW, Lane.NOTIFY, let_go)
register(BOUNCE, Lane.NOTIFY, note_bounce)
register(OPTED_OUT, Lane.NOTIFY, note_opt_out)
register(COMPLAINED, Lane.NOTIFY, note_complaint)
register(TROUBLE, Lane.NOTIFY, see_to_trouble)
register(ECHO, Lane.NOTIFY, note_echo)
register(FAILING, Lane.NOTIFY, look_after)
register_source(Lane.NOTIFY, take_back)
register_source(Lane.NOTIFY, see_to_reports)
for lane in DeliveryLane:
    register_source(Lane(lane.value), partial(send_due, lane.value))
