"""What the outbox asks of this app."""

from datetime import timedelta

from django.utils import timezone

from metrics.asking import POLL, PURGE, PURGE_EVERY
from metrics.models import Metric
from metrics.polling import LEASE, poll
from metrics.rollups import purge
from outbox.registry import Claimed, Lane, Later, register

_AT_ONCE = timedelta(0)


def poll_source(item: Claimed) -> None:
    poll(item.key)


def drop_old_points(item: Claimed) -> None:
    """Every day, for as long as the page has metrics; a deleted one's go as well."""
    if not Metric.objects.filter(page=item.key).exists():
        return
    raise Later(_AT_ONCE if purge(item.key, timezone.now()) else PURGE_EVERY)


register(POLL, Lane.POLL, poll_source, lease=LEASE)
register(PURGE, Lane.ARCHIVE, drop_old_points, lease=timedelta(minutes=5))
