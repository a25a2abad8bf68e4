"""Metrics with points as they could have come."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta

from metrics.models import Metric
from metrics.points import MOST, add_points


def fill(metric: Metric, now: datetime, *, days: float = 30, every: int = 300, level: float = 180) -> None:
    """Points up to `now` that rise and fall with the hours of the day, a little by chance."""
    chance = random.Random(metric.name)
    seconds = int(days * 86400)
    moments = range(int(now.timestamp()) - seconds + every, int(now.timestamp()) + 1, every)
    points = [(at, _value(at, level, chance)) for at in moments]
    for first in range(0, len(points), MOST):
        add_points(metric.page, {metric.pk: points[first : first + MOST]}, now)


def _value(at: int, level: float, chance: random.Random) -> float:
    tide = math.sin(at / 86400 * 2 * math.pi)
    peak = 1.9 if chance.random() < 0.003 else 1.0
    return round(level * (1 + 0.25 * tide + chance.gauss(0, 0.05)) * peak, 2)


def ago(now: datetime, **length: float) -> datetime:
    return now - timedelta(**length)
