"""What this app asks of the outbox. Publishing registers who makes the charts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from common.tenancy import current_tenant_id
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Lane

# Keys: a page, a source of metrics, a page.
CHARTS, POLL, PURGE = "charts", "metrics_poll", "metrics_purge"
# A page's charts are made once in so long, however many points come.
CHART_EVERY = timedelta(minutes=1)
PURGE_EVERY = timedelta(days=1)


def ask_for_charts(page_id: str, due_at: datetime) -> None:
    """Of a page of the current tenant, in the caller's transaction."""
    put(CHARTS, current_tenant_id(), [page_id], due_at=due_at)


def ask_to_poll(provider_id: str) -> None:
    """One source of the current tenant, now, in the caller's transaction."""
    put(POLL, current_tenant_id(), [provider_id])
    transaction.on_commit(lambda: nudge([Lane.POLL]), robust=True)


def ask_to_purge(page_id: str, now: datetime) -> None:
    put(PURGE, current_tenant_id(), [page_id], due_at=now + PURGE_EVERY)
