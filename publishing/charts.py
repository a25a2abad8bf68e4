"""What is shown of metrics, as plain frozen values, beside the page's snapshot: charts have no version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from metrics.choices import Period


@dataclass(frozen=True, slots=True)
class Stretch:
    """What the points of [at, at + length of the list's step) come to."""

    at: datetime
    count: int
    total: float
    lowest: float
    highest: float

    @property
    def mean(self) -> float:
        return self.total / self.count


@dataclass(frozen=True, slots=True)
class PeriodView:
    """`stretches`: those with points, oldest first. `rows`: the same time in few lines."""

    period: Period
    begins: datetime
    ends: datetime
    step: timedelta
    stretches: tuple[Stretch, ...]
    rows: tuple[Stretch, ...]
    whole: Stretch | None
    """All of it as one; None without any point."""


@dataclass(frozen=True, slots=True)
class MetricView:
    id: str
    name: str
    explanation: str = ""
    suffix: str = ""
    decimals: int = 0
    axis: tuple[float | None, float | None] = (None, None)
    """Where it begins and ends; None where the values decide."""
    axis_hidden: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    latest: tuple[datetime, float] | None = None
    """The newest point."""
    periods: tuple[PeriodView, ...] = ()
