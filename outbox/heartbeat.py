"""When workers and the ticker were last seen, and when a page was last published."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from outbox.models import Heartbeat

WORKER = "worker"
TICKER = "ticker"
PUBLISHER = "publisher"
_BEAT = """
    INSERT INTO public.outbox_heartbeat (name, at) SELECT %(name)s, %(now)s
     WHERE NOT EXISTS (SELECT FROM public.outbox_heartbeat
                        WHERE name = %(name)s AND at > %(recent)s AND at <= %(now)s)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""


def beat(name: str, every: timedelta = timedelta(seconds=1)) -> None:
    """Note that `name` works, at most once `every`."""
    now = timezone.now()
    # One from the future was written before the clock was set back.
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, {"name": name, "now": now, "recent": now - every})


def last(name: str) -> datetime | None:
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()


def seen(name: str, within: timedelta = timedelta(seconds=6)) -> bool:
    at = last(name)
    return at is not None and abs(timezone.now() - at) < within


def last_of(names: Collection[str]) -> dict[str, datetime]:
    """By name, of those that were ever seen."""
    return dict(Heartbeat.objects.filter(name__in=names).values_list("name", "at"))
