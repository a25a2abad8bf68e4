"""A port for Prometheus, for one process; of the machine itself alone unless told otherwise."""

from __future__ import annotations

import structlog
from django.conf import settings
from prometheus_client import REGISTRY, start_http_server

from notifications.measures import Queues

log = structlog.get_logger(__name__)


def serve(*, queues: bool = False) -> None:
    """Show what this process measures, where a port is set; with `queues` also what is due."""
    if not settings.METRICS_PORT:
        return
    if queues:
        REGISTRY.register(Queues())
    try:
        start_http_server(settings.METRICS_PORT, settings.METRICS_HOST)
    except OSError as error:
        # Somebody else's port is no reason not to do the work.
        log.exception("metrics.no_port", port=settings.METRICS_PORT, error=error.strerror)
