"""Verbs on what is sent: withdraw, hold back, send again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from common.tenancy import current_tenant_id
from events.actor import Actor
from notifications.choices import FOR_OWNER, PERSONAL, DeliveryStatus, SuppressionReason
from notifications.models import ENDED, Attempt, Delivery, DeliveryQuerySet, Notification, Suppression
from outbox.nudge import nudge
from outbox.registry import SENDING
from pages.change import record
from subscribers.choices import SubscriberState
from subscribers.models import Subscriber

_WAITING = (DeliveryStatus.PENDING,)
_TOGETHER = 1000


def withdraw(tenant_id: str, subscriber_id: str, found: Subscriber | None) -> int:
    """Hold back what a subscriber who left, is in quarantine or is erased (`found` is None) must not get any
    more; how many messages. For one who was erased, the address goes from what was sent before as well.
    """
    with transaction.atomic():
        # A step of an expansion that may have seen the leaver as active commits first.
        list(Notification.objects.of(tenant_id).expanding().select_for_update().values_list("pk"))
        mine = Delivery.objects.of(tenant_id).to(subscriber_id)
        status, why = _instead(found)
        held = mine.filter(_withdrawn(found)).update(status=status, last_error=why)
        if found is None:
            # What servers answered often names the address.
            Attempt.objects.of(tenant_id).filter(delivery__in=mine).update(response="")
            mine.update(target="", target_hash="", settings={}, last_error="")
    return held


def _instead(found: Subscriber | None) -> tuple[DeliveryStatus, str]:
    """What becomes of it, and why. What waited for an address in quarantine is given up, so that it can be
    sent again once that works."""
    if found is not None and found.state == SubscriberState.QUARANTINED:
        return DeliveryStatus.DEAD, "Its address was put in quarantine."
    return DeliveryStatus.SUPPRESSED, "The subscriber has left."


def _withdrawn(found: Subscriber | None) -> Q:
    """From quarantine one may come back, and what was given up can then be sent again. Of what is from before
    leaving nothing can; whoever asks anew gets what follows from that."""
    if found is None:
        return Q(status__in=_WAITING + ENDED)
    if found.state == SubscriberState.QUARANTINED:
        return Q(status__in=_WAITING) & ~Q(notification__kind__in=FOR_OWNER)
    return Q(status__in=_WAITING + ENDED, link_version__lt=found.token_version)


def suppress(
    channel: str, target_hash: str, reason: SuppressionReason, actor: Actor, source: str = ""
) -> None:
    """Never write to an address again for the current tenant, until `allow`. `source`: who says so, where
    that is not `actor`."""
    with transaction.atomic(durable=True):
        found, new = Suppression.objects.get_or_create(
            tenant_id=current_tenant_id(),
            channel=channel,
            target_hash=target_hash,
            defaults={
                "reason": reason,
                "source": (source or actor.id)[:120],
                "created_at": timezone.now(),
            },
        )
        if new:
            _note(actor, "address.suppressed", found)


def allow(channel: str, target_hash: str, actor: Actor) -> bool:
    """Take back `suppress`; whether there was anything to take back."""
    with transaction.atomic(durable=True):
        mine = Suppression.objects.of(current_tenant_id()).filter(channel=channel, target_hash=target_hash)
        found = mine.select_for_update().first()
        if found is None:
            return False
        _note(actor, "address.allowed", found)
        found.delete()
    return True


def _note(actor: Actor, name: str, found: Suppression) -> None:
    """Step: whose address it is, the log does not say."""
    said = {"channel": found.channel, "reason": found.reason, "source": found.source}
    record(actor, name, "suppression", str(found.pk), said)


def replay(ids: Iterable[int]) -> int:
    """Send again what the current tenant's deliveries `ids` have given up, with all its attempts: the same
    deliveries, so the same Message-IDs; how many.

    Left out are those to somebody who has left since, is in quarantine, or must not be written to.
    """
    with transaction.atomic():
        ended = Delivery.objects.of(current_tenant_id()).filter(pk__in=list(ids), status__in=ENDED)
        again = Delivery.objects.of(current_tenant_id()).filter(
            pk__in=_welcome(ended.unsuppressed()), status__in=ENDED
        )
        found = again.update(
            status=DeliveryStatus.PENDING, next_attempt_at=timezone.now(), attempts_before=F("attempts")
        )
        transaction.on_commit(lambda: nudge(SENDING), robust=True)
    return found


def replay_since(since: datetime) -> int:
    """Send again all that the current tenant has given up of what happened since; how many."""
    ended = Delivery.objects.of(current_tenant_id()).ended().filter(notification__event_at__gte=since)
    return replay_all(ended.order_by("pk").values_list("pk", flat=True))


def replay_all(ids: Iterable[int]) -> int:
    """`replay`, some at a time: no transaction holds on to many subscribers."""
    every = list(ids)
    return sum(replay(every[begin : begin + _TOGETHER]) for begin in range(0, len(every), _TOGETHER))


def _welcome(deliveries: DeliveryQuerySet) -> list[int]:
    """Ids of those that their subscribers still want. Subscribers stay locked: whoever leaves meanwhile does
    so behind this, and has them withdrawn."""
    rows = list(deliveries.values_list("pk", "subscriber_id", "link_version", "notification__kind"))
    known = Subscriber.objects.select_for_update(of=["self"], no_key=True).order_by("pk")
    states = {
        (one.pk, one.token_version): one.state
        for one in known.filter(pk__in={subscriber for _, subscriber, *_ in rows})
    }
    return [pk for pk, subscriber, version, kind in rows if _wanted(states.get((subscriber, version)), kind)]


def _wanted(state: str | None, kind: str) -> bool:
    """Whoever has not confirmed gets what asks for it. None: has left, perhaps come back, or is erased."""
    asks = state == SubscriberState.UNCONFIRMED and kind.startswith(PERSONAL)
    return asks or state == SubscriberState.ACTIVE
