"""What notifying shows to Prometheus: how long messages wait and take, what becomes of them, what is left."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.utils import timezone
from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from notifications.choices import DeliveryLane
from notifications.claims import Settled

_BUCKETS = (0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
DWELL = Histogram(
    "notifications_dwell_seconds",
    "From the event to the first attempt at telling one recipient.",
    ["channel"],
    buckets=_BUCKETS,
)
TOOK = Histogram(
    "notifications_attempt_seconds",
    "From the beginning of an attempt until its outcome is written down.",
    ["channel"],
    buckets=_BUCKETS,
)
OUTCOMES = Counter(
    "notifications_attempts",
    "Attempts by what the delivery became: accepted, pending (tried again later), dead, …",
    ["channel", "tenant", "status"],
)
# Of more than this only that it is more is told: counting must not cost by what an outage leaves behind.
MOST = 100_000
_DEPTH = """
    SELECT count(*) FROM (SELECT FROM public.notifications_delivery
                           WHERE status = 'pending' AND lane = %(lane)s AND next_attempt_at <= %(now)s
                           LIMIT %(most)s) AS due
"""
# Hops from tenant to tenant over the index of the claim.
_OLDEST = """
    WITH RECURSIVE tenant AS (
        (SELECT tenant_id FROM public.notifications_delivery
          WHERE status = 'pending' AND lane = %(lane)s ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.tenant_id FROM public.notifications_delivery AS d
                 WHERE d.status = 'pending' AND d.lane = %(lane)s AND d.tenant_id > tenant.tenant_id
                 ORDER BY d.tenant_id LIMIT 1)
          FROM tenant WHERE tenant.tenant_id IS NOT NULL
    )
    SELECT min((SELECT d.next_attempt_at FROM public.notifications_delivery AS d
                 WHERE d.status = 'pending' AND d.lane = %(lane)s AND d.tenant_id = tenant.tenant_id
                 ORDER BY d.next_attempt_at LIMIT 1))
      FROM tenant
"""


def note(settled: Sequence[Settled], now: datetime) -> None:
    """Count attempts that were made."""
    by_channel: dict[str, list[Settled]] = {}
    for one in settled:
        by_channel.setdefault(one.outcome.letter.channel, []).append(one)
    for channel, theirs in by_channel.items():
        took, dwell = TOOK.labels(channel), DWELL.labels(channel)
        for outcome in (one.outcome for one in theirs):
            took.observe((now - outcome.began_at).total_seconds())
            if outcome.letter.number == 1:
                waited = outcome.began_at - outcome.letter.notification.event_at
                dwell.observe(max(waited.total_seconds(), 0.0))
    kinds = Counted((one.outcome.letter.channel, one.outcome.letter.tenant_id, one.status) for one in settled)
    for (channel, tenant_id, status), number in kinds.items():
        OUTCOMES.labels(channel, tenant_id, status.value).inc(number)


class Queues(Collector):
    """What is due in each lane. Asks the database, so one process of an installation shows it."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        depth = GaugeMetricFamily(
            "notifications_due", f"Deliveries that could go now, up to {MOST}.", labels=["lane"]
        )
        oldest = GaugeMetricFamily(
            "notifications_oldest_due_seconds", "For how long the oldest of them could go.", labels=["lane"]
        )
        try:
            for lane in DeliveryLane:
                depth.add_metric([lane.value], _depth(lane, timezone.now()))
                oldest.add_metric([lane.value], _oldest(lane, timezone.now()))
        finally:
            # Each look is made in a thread of its own.
            connection.close()
        return [depth, oldest]

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is asked of the database before somebody looks."""
        return []


def _depth(lane: str, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DEPTH, {"lane": lane, "now": now, "most": MOST})
        return int(cursor.fetchone()[0])


def _oldest(lane: str, now: datetime) -> float:
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST, {"lane": lane})
        (due_at,) = cursor.fetchone()
    return max((now - due_at).total_seconds(), 0.0) if due_at else 0.0
