"""What recurring maintenance needs of its windows. Steps take the open change first."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.rows import change as change_row
from common.rows import state
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, MaintenanceSeries
from incidents.recurrence import Occurrence, occurrences
from incidents.rules import parse
from incidents.steps import Words, record, write_update
from incidents.windows import Plan, ask, plan
from pages.change import Change

# So many windows of a series are always to be seen.
AHEAD = 3


def top_up(change: Change, series: MaintenanceSeries, *, announce: bool = False) -> None:
    """Add windows until the next AHEAD are there. `announce` tells subscribers, of the first of them."""
    if series.ended_at is not None:
        return
    waiting = series.windows.filter(
        incident__deleted_at=None, incident__resolved_at=None, scheduled_until__gt=change.now
    )
    for number, one in enumerate(upcoming(series, change.now, AHEAD - waiting.count())):
        add_occurrence(change, series, one.original_local, one.start, notify=announce and number == 0)


def follow(change: Change, incident: Incident) -> None:
    """The place of a notice that is over, if it is a window of a series, is taken by the next one."""
    if incident.kind == IncidentKind.MAINTENANCE and incident.window.series is not None:
        top_up(change, incident.window.series)


def upcoming(series: MaintenanceSeries, now: datetime, limit: int) -> list[Occurrence]:
    """The next occurrences that have no window yet and are not excepted."""
    if limit <= 0:
        return []
    zone = ZoneInfo(series.zone)
    yesterday = (now.astimezone(zone) - timedelta(days=1)).date().isoformat()
    taken = series.windows.filter(occurrence__gte=yesterday).values_list("occurrence", flat=True)
    left_out = excepted(series) | {datetime.fromisoformat(one).date() for one in taken}
    return occurrences(parse(series.rule), local_start(series), zone, left_out, now, limit)


def excepted(series: MaintenanceSeries) -> set[date]:
    """The days whose occurrence is skipped or goes its own way; there is at most one a day."""
    return {datetime.fromisoformat(one).date() for one in series.exceptions}


def local_start(series: MaintenanceSeries) -> datetime:
    return series.local_start.replace(tzinfo=None)


def except_(change: Change, series: MaintenanceSeries, occurrence: str) -> None:
    """This occurrence no longer follows the series."""
    kept = sorted({*series.exceptions, occurrence})
    change_row(series, {"exceptions": kept}, change.now, {"exceptions"})


def add_occurrence(
    change: Change,
    series: MaintenanceSeries,
    original: datetime,
    start: datetime,
    until: datetime | None = None,
    *,
    notify: bool = False,
) -> Incident:
    """Give an occurrence its window, up to `until` or as long as the series says.

    `original`: what the rule says, naive, on the wall clock.
    """
    asked = Plan(
        name=series.name,
        scheduled_for=start,
        scheduled_until=until or start + series.duration,
        components=present_components(series),
        options=series.options,
        series=series,
        occurrence=original.isoformat(),
    )
    incident = plan(change, asked)
    deliver = notify and change.notify
    update = write_update(change, incident, Words(IncidentStatus.SCHEDULED, series.body, deliver=deliver))
    ask(change, incident)
    record(change, "maintenance.scheduled", incident, update, notify=notify, series=series_facts(series))
    return incident


def present_components(series: MaintenanceSeries) -> list[str]:
    return list(series.components.present().values_list("pk", flat=True))


def series_facts(series: MaintenanceSeries) -> dict[str, Any]:
    return state(series, components=present_components(series))
