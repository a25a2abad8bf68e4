"""What the forms for machines show, as plain values: build fills them, `rendering` writes them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from publishing.snapshot import IncidentSummary, YearMonth

Shape = dict[str, Any]
"""A JSON object, its instants already written."""


@dataclass(frozen=True, slots=True)
class StatuspageView:
    """What `/api/v2` answers. Lists are in their order, notices newest first."""

    page: Shape
    status: Shape
    components: tuple[Shape, ...]
    incidents: tuple[Shape, ...]
    """The newest, without maintenance."""
    unresolved: tuple[Shape, ...]
    maintenance: tuple[Shape, ...]
    """The newest."""
    upcoming: tuple[Shape, ...]
    """Soonest first; the same for active ones."""
    active: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some months of `/history.json`, newest first, each with what began in it, newest first."""

    number: int
    months: tuple[tuple[YearMonth, tuple[IncidentSummary, ...]], ...]
