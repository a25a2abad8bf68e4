"""What a worker does beside its tasks."""

from __future__ import annotations

from celery.signals import worker_ready

from statuspage.measuring import serve


@worker_ready.connect
def show_measures(**_signal: object) -> None:
    serve()
