"""Metrics for the demonstration: numbers that rise and fall with the hours of the day."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.utils import timezone

from events.actor import SYSTEM
from metrics.actions import create_metric, create_provider
from metrics.choices import ProviderKind
from metrics.models import Metric, MetricsProvider
from metrics.points import add_points
from pages.models import StatusPage

_MADE_UP = "Made up for this demonstration."
# Fields, what the values swing around, and how far: with the day, and by chance.
_METRICS: tuple[tuple[dict[str, Any], float, float, float], ...] = (
    ({"name": "API response time", "suffix": "ms"}, 182, 46, 14),
    ({"name": "Requests", "suffix": "per minute", "y_axis_min": 0}, 24_300, 9_800, 1_100),
    ({"name": "Successful requests", "suffix": "%", "decimal_places": 2}, 99.95, 0.02, 0.03),
)
_PAST = timedelta(days=30)
_FINE = timedelta(days=2)
_MOST = 100.0


def seed_metrics(page: StatusPage) -> None:
    """Metrics of a source for pushed points, with points up to now: a later call adds what is missing."""
    now = timezone.now()
    provider = page.metrics_providers.filter(kind=ProviderKind.SELF).first()
    provider = provider or create_provider(page, SYSTEM, kind=ProviderKind.SELF)
    for fields, level, swing, noise in _METRICS:
        metric = _metric(page, provider, fields)
        points = [(at, _value(fields, at, level, swing, noise)) for at in _moments(metric, now)]
        add_points(page, {metric.pk: points}, now)


def _metric(page: StatusPage, provider: MetricsProvider, fields: dict[str, Any]) -> Metric:
    found = page.metrics.filter(name=fields["name"]).first()
    return found or create_metric(page, provider, SYSTEM, tooltip_description=_MADE_UP, **fields)


def _moments(metric: Metric, now: datetime) -> list[int]:
    """Three an hour, and lately twelve: less than are taken at once."""
    since = max(now - _PAST, metric.most_recent_data_at or now - _PAST)
    first, last, fine = (int(at.timestamp()) // 300 * 300 for at in (since, now, now - _FINE))
    return [at for at in range(first + 300, last + 1, 300) if at >= fine or at % 1_200 == 0]


def _value(fields: dict[str, Any], at: int, level: float, swing: float, noise: float) -> float:
    """The same for a moment whenever it is asked for."""
    chance = sha256(f"{fields['name']} {at}".encode()).digest()
    by_chance = (chance[0] + chance[1] + chance[2]) / 382.5 - 1
    peak = 2.4 if chance[3] == 0 and fields["suffix"] == "ms" else 1.0
    value = (level + swing * math.sin(at / 86_400 * 2 * math.pi - 2) + 2 * noise * by_chance) * peak
    return round(min(value, _MOST) if fields["suffix"] == "%" else value, 2)
