"""What a component's status was, and by whose word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import F, QuerySet, Window
from django.db.models.functions import Lead

from components.choices import ComponentStatus, Source
from components.models import Component, Statement, StatusChange
from components.uptime import Gap, display, figure, intervals
from incidents.models import Incident
from publishing.building.histories import gaps_of, known_since, policy_of

_ROWS = 25
_MEASURED = timedelta(days=90)
_NOTICES = (Source.INCIDENT, Source.MAINTENANCE)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A status while it held; `ended` None: it still does. `notice` and `reason` say why, where known."""

    status: ComponentStatus
    begun: datetime
    ended: datetime | None
    source: Source | None
    notice: Incident | None
    reason: str


def stretches(component: Component, number: str | None) -> Page[Any]:
    """A page of them, newest first. Queries: a fixed number."""
    found: Page[Any] = Paginator(cast(Any, _rows(component)), _ROWS).get_page(number)
    rows: list[Any] = list(found.object_list)
    notices = Incident.objects.in_bulk([one.source_id for one in rows if one.source in _NOTICES])
    reasons = dict(corrections(component).values_list("source_id", "reason"))
    found.object_list = [_stretch(row, notices, reasons) for row in rows]
    return found


def corrections(component: Component) -> QuerySet[Statement]:
    """What has been put right, the newest first."""
    return component.statements.filter(source=Source.CORRECTION).order_by("-begun", "-id")


def uptime(component: Component, now: datetime) -> str:
    """Its percentage of the last 90 days as the public page counts it; empty where nothing was measured."""
    page, since = component.page, now - _MEASURED
    rows = component.changes.values_list("at", "status")
    changes = [*rows.filter(at__lte=since).order_by("-at")[:1], *rows.filter(at__gt=since).order_by("at")]
    gaps = (*gaps_of(page), Gap(None, known_since(page, component)))
    found = figure(intervals(changes, since, now, gaps), policy_of(page, component))
    return "" if found.percent is None else display(found.percent)


def _rows(component: Component) -> QuerySet[StatusChange]:
    following = Window(Lead("at"), order_by=F("at").asc())
    return component.changes.annotate(ended=following).order_by("-at")


def _stretch(row: Any, notices: dict[str, Incident], reasons: dict[str, str]) -> Stretch:
    return Stretch(
        status=ComponentStatus(row.status),
        begun=row.at,
        ended=row.ended,
        source=Source(row.source) if row.source else None,
        notice=notices.get(row.source_id),
        reason=reasons.get(row.source_id, ""),
    )
