"""What recurring maintenance needs of its windows. Steps take the open change first."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from common.rows import change as change_row
from common.rows import state
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, MaintenanceSeries
from incidents.recurrence import Occurrence, occurrences
from incidents.rules import parse
from incidents.steps import Words, record, stock, update_facts, write_update
from incidents.windows import NOTICE_FIELDS, OPTIONS, Plan, ask, attach, call_off, plan, reschedule
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


def goes_on(series: MaintenanceSeries, now: datetime) -> bool:
    """Whether there is any occurrence to come."""
    rule, zone = parse(series.rule), ZoneInfo(series.zone)
    return bool(occurrences(rule, local_start(series), zone, excepted(series), now, 1))


def occurrence_on(series: MaintenanceSeries, day: date) -> Occurrence | None:
    """What the rule says of `day`, on the calendar of the series' zone; exceptions count for nothing here."""
    zone = ZoneInfo(series.zone)
    eve = datetime.combine(day, time.min, zone) - timedelta(seconds=1)
    found = occurrences(parse(series.rule), local_start(series), zone, (), eve, 1)
    return next((one for one in found if one.original_local.date() == day), None)


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


def rearrange(change: Change, series: MaintenanceSeries, former_body: str) -> None:
    """Bring the windows that still follow the series in line with it, in their order; call off what is left
    over, add what is missing."""
    following = _following(change, series)
    # Out of the way first: a window may take the place of another.
    nowhere = {"series": None, "occurrence": ""}
    for incident in following:
        change_row(incident.window, nowhere, change.now, nowhere.keys())
    found = upcoming(series, change.now, len(following))
    for incident, one in zip_longest(following, found):
        if one is None:
            call_off(change, incident)
        else:
            _become(change, series, incident, one, former_body)
    top_up(change, series)


def _following(change: Change, series: MaintenanceSeries) -> list[Incident]:
    planned = change.page.incidents.upcoming().filter(
        window__series=series, window__scheduled_for__gt=change.now
    )
    left_out = excepted(series)
    return [
        one
        for one in planned.select_related("window").order_by("window__scheduled_for")
        if datetime.fromisoformat(one.window.occurrence).date() not in left_out
    ]


def _become(
    change: Change, series: MaintenanceSeries, incident: Incident, one: Occurrence, former_body: str
) -> None:
    place = {"series": series, "occurrence": one.original_local.isoformat()}
    notice = {"name": series.name} | {
        name: value for name, value in series.options.items() if name in NOTICE_FIELDS
    }
    schedule = {name: value for name, value in series.options.items() if name in OPTIONS}
    times = {"scheduled_for": one.start, "scheduled_until": one.start + series.duration}
    change_row(incident.window, place, change.now, place.keys())
    changed = bool(change_row(incident, notice, change.now, NOTICE_FIELDS))
    changed |= reschedule(change, incident, schedule | times)
    changed |= attach(change, incident, present_components(series))
    changed |= _retell(change, series, incident, former_body)
    if changed:
        ask(change, incident)
        record(change, "maintenance.edited", incident, notify=True, series=series_facts(series))


def _retell(change: Change, series: MaintenanceSeries, incident: Incident, former_body: str) -> bool:
    """Where the window still says what the series said, it says what the series says now."""
    said = former_body.strip() or stock(change, IncidentStatus.SCHEDULED)
    says = series.body.strip() or stock(change, IncidentStatus.SCHEDULED)
    update = incident.updates.filter(status=IncidentStatus.SCHEDULED, body=said).last()
    if update is None or not change_row(update, {"body": says}, change.now, {"body"}):
        return False
    change.record("incident.update_edited", "incident_update", update.pk, update_facts(update))
    return True


def present_components(series: MaintenanceSeries) -> list[str]:
    return list(series.components.present().values_list("pk", flat=True))


def series_facts(series: MaintenanceSeries) -> dict[str, Any]:
    return state(series, components=present_components(series))
