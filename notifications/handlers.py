"""What the outbox asks of this app."""

from datetime import timedelta

from events.actor import SYSTEM
from notifications.actions import withdraw
from notifications.expansion import expand
from notifications.models import Delivery
from notifications.sending import BOUNCE, send_due
from outbox.registry import Claimed, Lane, Later, register, register_source
from pages.change import NOTIFY
from subscribers.actions import WITHDRAW, quarantine
from subscribers.models import Subscriber


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
    subscriber = Subscriber.objects.select_related("page").filter(pk=item.key).first()
    if subscriber is not None:
        quarantine(subscriber.page, subscriber, SYSTEM, "Mail to this address came back.")


register(NOTIFY, Lane.NOTIFY, expand)
register(WITHDRAW, Lane.NOTIFY, let_go)
register(BOUNCE, Lane.NOTIFY, note_bounce)
register_source(Lane.NOTIFY, send_due)
