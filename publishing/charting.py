"""Charts, made anew where points came, and where time alone has moved on."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from metrics.asking import CHART_EVERY, ask_for_charts
from metrics.models import Metric
from outbox.registry import Later
from publishing.documents import CHARTS
from publishing.publish import publish_slice

# Without new points, charts still end at the present moment.
_MOVES_ON = timedelta(minutes=5)
# Nothing of what came before is shown any more.
_SHOWN = timedelta(days=31)


def publish_charts(page_id: str) -> None:
    """Make the charts of a page of the current tenant. Raises Later where that was done a moment ago, or
    where somebody else publishes the page right now."""
    now = timezone.now()
    metrics = Metric.objects.filter(page=page_id, page__deleted_at=None).displayed()
    known = metrics.aggregate(charted_at=Max("charted_at"), newest=Max("most_recent_data_at"))
    if known["charted_at"] is not None and known["charted_at"] + CHART_EVERY > now:
        raise Later(known["charted_at"] + CHART_EVERY - now)
    publish_slice(page_id, CHARTS)
    metrics.update(charted_at=now)
    if known["newest"] is not None and known["newest"] > now - _SHOWN:
        ask_for_charts(page_id, now + _MOVES_ON)
