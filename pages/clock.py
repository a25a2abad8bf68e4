"""When a page next changes only because time passes."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from datetime import time as wall_time

from common.tenancy import current_tenant_id
from outbox.queue import put
from pages.choices import PageIndicator
from pages.models import StatusPage

CLOCK = "clock"
# While something is down, percentages and durations go on.
_RESTLESS = timedelta(minutes=10)
_JITTER_SECONDS = 60


def next_tick(page: StatusPage, now: datetime) -> datetime:
    """The next midnight in the page's zone, some seconds after it (each page its own, so that not all come
    at once), or in ten minutes while something is wrong."""
    tomorrow = now.astimezone(page.zone).date() + timedelta(days=1)
    jitter = timedelta(seconds=zlib.crc32(page.pk.encode()) % _JITTER_SECONDS)
    midnight = datetime.combine(tomorrow, wall_time.min, page.zone) + jitter
    return midnight if page.indicator == PageIndicator.NONE else min(midnight, now + _RESTLESS)


def schedule(page: StatusPage, at: datetime) -> None:
    """Step: have time pass on the page at `at`, or sooner if that is asked already."""
    put(CLOCK, current_tenant_id(), [page.pk], due_at=at)
