"""Celery's way to drain: one task a lane, without arguments."""

from celery import shared_task

from outbox import heartbeat
from outbox.drain import drain
from outbox.registry import Lane, topics


@shared_task(name="outbox.drain_publish")
def drain_publish() -> None:
    heartbeat.beat(heartbeat.WORKER)
    drain(topics(Lane.PUBLISH))


@shared_task(name="outbox.drain_notify")
def drain_notify() -> None:
    heartbeat.beat(heartbeat.WORKER)
    drain(topics(Lane.NOTIFY))
