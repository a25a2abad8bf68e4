"""Celery's way to drain: one task a lane, without arguments."""

from celery import shared_task

from outbox import heartbeat
from outbox.drain import drain_lanes
from outbox.registry import Lane


@shared_task(name="outbox.drain_publish")
def drain_publish() -> None:
    heartbeat.beat(heartbeat.WORKER)
    drain_lanes(Lane.PUBLISH)


@shared_task(name="outbox.drain_notify")
def drain_notify() -> None:
    heartbeat.beat(heartbeat.WORKER)
    drain_lanes(Lane.NOTIFY)
