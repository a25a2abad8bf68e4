"""Verbs on recurring maintenance. Each is one change of one page, and leaves the next windows there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add, check_known, given
from common.rows import change as change_row
from components.status import check
from events.actor import Actor
from incidents.choices import IncidentStatus
from incidents.models import Incident, MaintenanceSeries, MaintenanceWindow
from incidents.occurrences import (
    add_occurrence,
    except_,
    excepted,
    goes_on,
    occurrence_on,
    present_components,
    rearrange,
    series_facts,
    top_up,
)
from incidents.rules import parse
from incidents.steps import record
from incidents.windows import (
    OPTIONS,
    TIMES,
    ask,
    call_off,
    check_options,
    reschedule,
)
from pages.actions import check_time_zone
from pages.change import Change, page_change
from pages.models import StatusPage

SERIES_FIELDS = frozenset({"name", "body", "rule", "local_start", "duration", "zone"})
SERIES_OPTIONS = OPTIONS | {"impact_override"}


def create_series(
    page: StatusPage,
    actor: Actor,
    *,
    name: str,
    rule: str,
    local_start: datetime,
    duration: timedelta,
    zone: str = "",
    body: str = "",
    components: Collection[str] = (),
    notify: bool = True,
    **options: Any,
) -> MaintenanceSeries:
    """Announce work that recurs, and plan its next windows. Subscribers are told of the first of them.

    `rule`: as `incidents.rules` allows. `local_start`: the first start, naive, on the wall clock of `zone`
    (the page's, if empty). `options`: of SERIES_OPTIONS, for each window.
    """
    options = given(options, SERIES_OPTIONS, MaintenanceWindow, Incident)
    with page_change(page, actor, notify=notify) as change:
        fields = {"name": name, "body": body, "rule": rule, "local_start": local_start, "duration": duration}
        fields = _given(fields | {"zone": zone or change.page.time_zone})
        _check(fields, options)
        stamps = {"created_at": change.now, "updated_at": change.now}
        series = add(MaintenanceSeries(page=change.page, options=options, **fields, **stamps))
        _attach(change, series, components)
        _refuse_empty(change, series)
        change.record("series.created", "series", series.pk, series_facts(series))
        top_up(change, series, announce=True)
    return series


def edit_series(
    page: StatusPage,
    series: MaintenanceSeries,
    actor: Actor,
    *,
    components: Collection[str] | None = None,
    notify: bool = False,
    **fields: Any,
) -> MaintenanceSeries:
    """Change a series; windows that have not begun follow, but for those that were moved by hand.

    `fields`: of SERIES_FIELDS and SERIES_OPTIONS. Tells nobody, unless told to.
    """
    check_known(fields, SERIES_FIELDS | SERIES_OPTIONS)
    asked = {name: value for name, value in fields.items() if name in SERIES_OPTIONS}
    options = given(asked, SERIES_OPTIONS, MaintenanceWindow, Incident)
    values = _given({name: value for name, value in fields.items() if name in SERIES_FIELDS})
    with page_change(page, actor, notify=notify) as change:
        series = _locked(change, series)
        _check(values, options)
        values["options"] = {**series.options, **options}
        former = series.body
        changed = bool(change_row(series, values, change.now, SERIES_FIELDS | {"options"}))
        changed |= components is not None and _attach(change, series, components)
        if {"rule", "local_start", "zone"} & set(values):
            _refuse_empty(change, series)
        if changed:
            change.record("series.edited", "series", series.pk, series_facts(series))
            rearrange(change, series, former)
    return series


def end_series(page: StatusPage, series: MaintenanceSeries, actor: Actor, *, notify: bool = True) -> None:
    """No more of it: windows that have not begun are called off."""
    with page_change(page, actor, notify=notify) as change:
        series = _locked(change, series)
        change_row(series, {"ended_at": change.now}, change.now, {"ended_at"})
        for incident in Incident.objects.upcoming().filter(window__series=series).order_by("started_at"):
            call_off(change, incident)
        change.record("series.ended", "series", series.pk, series_facts(series))


def skip_occurrence(
    page: StatusPage,
    series: MaintenanceSeries,
    actor: Actor,
    day: date,
    body: str = "",
    *,
    notify: bool = True,
) -> None:
    """Leave out the occurrence of `day` (in the series' zone, by its rule), planned already or not."""
    with page_change(page, actor, notify=notify) as change:
        series = _locked(change, series)
        original, incident = _on(change, series, day)
        except_(change, series, original.isoformat())
        if incident is not None:
            call_off(change, incident, body)
        change.record("series.occurrence_skipped", "series", series.pk, series_facts(series))
        top_up(change, series)


def move_occurrence(
    page: StatusPage,
    series: MaintenanceSeries,
    actor: Actor,
    day: date,
    *,
    scheduled_for: datetime,
    scheduled_until: datetime | None = None,
    notify: bool = False,
) -> Incident:
    """Let the occurrence of `day` (in the series' zone, by its rule) take place at another time, as long as
    planned unless `scheduled_until` says otherwise. Tells nobody, unless told to."""
    times = {"scheduled_for": scheduled_for}
    if scheduled_until is not None:
        times["scheduled_until"] = scheduled_until
    times = given(times, TIMES, MaintenanceWindow)
    with page_change(page, actor, notify=notify) as change:
        series = _locked(change, series)
        if scheduled_for <= change.now:
            message = _("An occurrence can only be moved into the future.")
            raise Refused(message, "scheduled_for")
        original, incident = _on(change, series, day)
        except_(change, series, original.isoformat())
        change.record("series.occurrence_moved", "series", series.pk, series_facts(series))
        if incident is None:
            return add_occurrence(change, series, original, scheduled_for, scheduled_until, notify=True)
        window = incident.window
        until = scheduled_until or scheduled_for + (window.scheduled_until - window.scheduled_for)
        reschedule(change, incident, {"scheduled_for": scheduled_for, "scheduled_until": until})
        ask(change, incident)
        record(change, "maintenance.edited", incident, notify=True)
    return incident


def _on(change: Change, series: MaintenanceSeries, day: date) -> tuple[datetime, Incident | None]:
    """The original start of that day's occurrence and, if it is planned already, its window's notice."""
    incident = (
        change.page.incidents.filter(window__series=series)
        .filter(window__occurrence__startswith=day.isoformat())
        .first()
    )
    if incident is not None:
        if incident.deleted_at is not None or incident.status != IncidentStatus.SCHEDULED:
            message = _("The occurrence of %(day)s has begun, is over or has been deleted.") % {
                "day": day.isoformat()
            }
            raise Refused(message, "day")
        return datetime.fromisoformat(incident.window.occurrence), incident
    found = occurrence_on(series, day)
    if found is None or found.start <= change.now or day in excepted(series):
        message = _("This series has no occurrence to come on %(day)s.") % {"day": day.isoformat()}
        raise Refused(message, "day")
    return found.original_local, None


def _attach(change: Change, series: MaintenanceSeries, components: Collection[str]) -> bool:
    check(change, dict.fromkeys(components))
    differs = set(present_components(series)) != set(components)
    series.components.set(change.page.components.filter(pk__in=components))
    return differs


def _locked(change: Change, series: MaintenanceSeries) -> MaintenanceSeries:
    found = change.page.series.filter(pk=series.pk).first()
    if found is None or found.ended_at is not None:
        message = _("This series has ended.")
        raise Refused(message)
    return found


# Refusing ------------------------------------------------------------------------------------------


def _check(values: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    check_options(options)
    if "rule" in values:
        parse(values["rule"])
    if "zone" in values:
        check_time_zone(values["zone"])
    if values.get("duration", timedelta(1)) <= timedelta():
        message = _("A maintenance begins before it ends.")
        raise Refused(message, "duration")


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Of SERIES_FIELDS, as their columns take them."""
    local_start = {"local_start": _as_utc(fields["local_start"])} if "local_start" in fields else {}
    return given({**fields, **local_start}, SERIES_FIELDS, MaintenanceSeries)


def _as_utc(local_start: datetime) -> datetime:
    """As the column keeps it. Raises Refused for an instant, which has a zone of its own."""
    if not isinstance(local_start, datetime) or local_start.tzinfo is not None:
        message = _("The first start is a time on the wall clock, without a zone.")
        raise Refused(message, "local_start")
    return local_start.replace(tzinfo=UTC)


def _refuse_empty(change: Change, series: MaintenanceSeries) -> None:
    if not goes_on(series, change.now):
        message = _("By this rule there is no maintenance to come.")
        raise Refused(message, "rule")
