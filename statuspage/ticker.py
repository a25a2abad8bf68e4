"""The ticker: sees to it that what is due gets done, by a worker or, where there is none, by itself.

Any number may run at once: rows are claimed, and documents only go forward.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Thread

import structlog
from django.db import Error, close_old_connections, connection
from django.utils import timezone

from api import idempotency
from outbox import heartbeat
from outbox.drain import drain_lanes
from outbox.models import OutboxItem
from outbox.nudge import nudge
from outbox.queue import forget_what_will_be
from outbox.registry import Lane, sources, topic, topics
from publishing.repair import ask_for_what_is_lost
from publishing.storage import store

log = structlog.get_logger(__name__)

INTERVAL = 0.5
# Even with nothing due, workers are asked to show themselves.
_ROLL_CALL = 2.0
_STORE_BEAT = 10.0
_UPKEEP = 60.0
_GRACE = timedelta(hours=24)
_OWN_TURN = 2.0


@dataclass
class Ticker:
    """`tick` once every `INTERVAL` seconds; it raises nothing, whatever is down."""

    _roll_call_at: float = 0.0
    _beat_at: float = 0.0
    _upkeep_at: float = 0.0
    _turns: dict[Lane, Thread] = field(default_factory=dict)

    def stop(self) -> None:
        """Let what is under way come to its end, for as long as a turn lasts."""
        until = time.monotonic() + _OWN_TURN
        for turn in self._turns.values():
            turn.join(max(until - time.monotonic(), 0))

    def tick(self) -> None:
        try:
            self._see_to_what_is_due()
            self._show_life()
        except (Error, OSError) as error:
            # The database is away, or it was and this connection does not know that it is back.
            log.warning("ticker.failed", error=type(error).__name__)
            connection.close()
        close_old_connections()

    def _see_to_what_is_due(self) -> None:
        heartbeat.beat(heartbeat.TICKER)
        lanes = due_lanes()
        now = time.monotonic()
        if now >= self._roll_call_at:
            lanes = set(Lane)
            self._roll_call_at = now + _ROLL_CALL
        reached = nudge(sorted(lanes)) if lanes else True
        if not reached or not heartbeat.seen(heartbeat.WORKER):
            self._work()

    def _work(self) -> None:
        """A thread a lane, so that what is slow in one delays no other, and the pulse neither."""
        for lane in Lane:
            if lane not in self._turns or not self._turns[lane].is_alive():
                self._turns[lane] = Thread(target=_drain, args=(lane,), daemon=True)
                self._turns[lane].start()

    def _show_life(self) -> None:
        now = time.monotonic()
        if now >= self._beat_at:
            self._beat_at = now + _STORE_BEAT
            store().beat(timezone.now())
            forget_what_will_be(timezone.now())
            ask_for_what_is_lost()
        if now >= self._upkeep_at:
            self._upkeep_at = now + _UPKEEP
            store().sync()
            ask_for_what_is_lost(damaged=True)
            store().collect_garbage(_GRACE)
            idempotency.forget(timezone.now())


def _drain(lane: Lane) -> None:
    try:
        drain_lanes(lane, seconds=_OWN_TURN)
    except (Error, OSError) as error:
        log.warning("ticker.failed", error=type(error).__name__, lane=lane)
    finally:
        connection.close()


def due_lanes() -> set[Lane]:
    """The lanes in which a row is due, and those whose apps look for work themselves."""
    due = OutboxItem.objects.due(timezone.now()).filter(topic__in=topics())
    found = {topic(name).lane for name in due.values_list("topic", flat=True).distinct()}
    return found | {lane for lane in Lane if sources(lane)}
