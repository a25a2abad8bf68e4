"""What the outbox asks of this app."""

from datetime import timedelta

from django.utils import timezone

from events.actor import SYSTEM
from outbox.registry import Claimed, Lane, Later, register
from pages.models import StatusPage
from subscribers.actions import FOLLOW_UP, RATE, REMIND_AFTER, purge, remind
from subscribers.models import Subscriber
from subscribers.rates import warn_of_few
from subscribers.together import TOGETHER, go_on


def follow_up(item: Claimed) -> None:
    """The key is the id of somebody who was asked for confirmation: reminded once, then purged.

    Judged by the row, as whoever asks again in the meantime has the whole time anew.
    """
    found = Subscriber.objects.unconfirmed().select_related("page").filter(pk=item.key).first()
    if found is None or found.purge_at is None:
        return
    now = timezone.now()
    if found.is_to_purge(now):
        purge(found.page, found, SYSTEM)
        return
    remind_at = found.asked_at + REMIND_AFTER
    if now < remind_at:
        raise Later(remind_at - now)
    remind(found.page, found, SYSTEM)
    raise Later(found.purge_at - now)


def look_at_rate(item: Claimed) -> None:
    """The key is the id of a page that somebody asked to be told by, an hour ago."""
    page = StatusPage.objects.present().filter(pk=item.key).first()
    if page is not None:
        warn_of_few(page, timezone.now())


register(FOLLOW_UP, Lane.NOTIFY, follow_up)
register(RATE, Lane.NOTIFY, look_at_rate)
register(TOGETHER, Lane.NOTIFY, go_on, lease=timedelta(seconds=30))
