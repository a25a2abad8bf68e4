"""Uptime of components and groups, by the page's policy."""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q

from api.operations import Call, Parameter, operation
from api.schema.uptime import ComponentGroupUptime, ComponentUptime
from common.errors import Refused
from common.instants import utc_seconds
from components.choices import ComponentStatus, Source
from components.models import Component, StatusChange
from components.uptime import Figure, Gap, Interval, display, figure, intervals, mean
from pages.models import StatusPage
from publishing.building.histories import gaps_of, known_since, policy_of
from tenants.models import Role, Scope

_PARAMETERS = (
    Parameter("start", "The first day: 2026, 2026-01 or 2026-01-31. Otherwise 90 days before the last."),
    Parameter("end", "The last day, in the same forms. Otherwise today."),
    Parameter("skip_related_events", "Leave out which incidents there were.", bool),
)
_PARTIAL = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?")
_USUAL, _LONGEST = timedelta(days=90), timedelta(days=184)
_CAUSES = (Source.INCIDENT, Source.MAINTENANCE)


@dataclass
class Range:
    """Days, both included; `warnings` tell what of the question was changed."""

    first: date
    last: date
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Measured:
    component: Component
    spans: Sequence[Interval]
    figure: Figure
    causes: list[str]

    def seconds(self, status: ComponentStatus) -> int:
        return int(sum(one.length.total_seconds() for one in self.spans if one.status == status))


@operation(
    "GET",
    "pages/{page_id}/components/{component_id}/uptime",
    Scope.READ,
    Role.VIEWER,
    gives=ComponentUptime,
    parameters=_PARAMETERS,
    errors=(422,),
)
def get_component_uptime(call: Call, page: StatusPage, component_id: str) -> Any:
    """The uptime of a component over up to six months."""
    component = page.components.present().get(pk=component_id)
    asked = _asked(call, page, [component])
    one = _measured(call, page, [component], asked)[0]
    shape = _shape(page, asked, component, one.figure.percent, [one])
    return shape | _unless_skipped(call, _ids(one.causes))


@operation(
    "GET",
    "pages/{page_id}/component-groups/{group_id}/uptime",
    Scope.READ,
    Role.VIEWER,
    gives=ComponentGroupUptime,
    parameters=_PARAMETERS,
    errors=(422,),
)
def get_group_uptime(call: Call, page: StatusPage, group_id: str) -> Any:
    """The uptime of a group: the mean of its components."""
    group = page.groups.present().get(pk=group_id)
    members = list(group.components.present())
    asked = _asked(call, page, members)
    all_ = _measured(call, page, members, asked)
    shape = _shape(page, asked, group, mean(one.figure for one in all_), all_)
    related = [{"component_id": one.component.pk, "incidents": _ids(one.causes)} for one in all_]
    return shape | _unless_skipped(call, related)


def _asked(call: Call, page: StatusPage, components: Iterable[Component]) -> Range:
    today = call.now.astimezone(page.zone).date()
    last = _day(call.query.get("end", ""), "end", latest=True) or today
    known = min((known_since(page, one).astimezone(page.zone).date() for one in components), default=today)
    usual = max(min(known, last), last - _USUAL)
    asked = Range(_day(call.query.get("start", ""), "start", latest=False) or usual, last)
    if asked.first > asked.last:
        message = "The first day comes after the last."
        raise Refused(message, "start")
    return _bounded(asked, today)


def _bounded(asked: Range, today: date) -> Range:
    if asked.last > today:
        asked.last = max(today, asked.first)
        asked.warnings.append(
            "End date was adjusted to today. See range_end field in response for end date used."
        )
    if asked.last - asked.first > _LONGEST:
        asked.first = asked.last - _LONGEST
        asked.warnings.append(
            "Start date was adjusted to six months before the end. "
            "See range_start field in response for start date used."
        )
    return asked


def _day(said: str, name: str, *, latest: bool) -> date | None:
    """The first or the latest day of what was said: a year, a month or a day."""
    if not said:
        return None
    match = _PARTIAL.fullmatch(said)
    try:
        year, month, day = (int(part) if part else 0 for part in match.groups()) if match else (0, 0, 0)
        if not 1970 <= year <= 2100:
            raise ValueError
        month = month or (12 if latest else 1)
        return date(year, month, day or (calendar.monthrange(year, month)[1] if latest else 1))
    except (ValueError, calendar.IllegalMonthError) as error:
        message = "A day is said as 2026, 2026-01 or 2026-01-31."
        raise Refused(message, name) from error


def _measured(call: Call, page: StatusPage, components: list[Component], asked: Range) -> list[Measured]:
    """Queries: a fixed number."""
    begun = datetime.combine(asked.first, time.min, page.zone)
    ended = min(datetime.combine(asked.last + timedelta(days=1), time.min, page.zone), call.now)
    rows, gaps = _rows([one.pk for one in components], begun, ended), gaps_of(page)
    found = []
    for one in components:
        own = (*gaps, Gap(None, known_since(page, one)))
        spans = intervals([(row.at, row.status) for row in rows[one.pk]], begun, ended, own)
        found.append(Measured(one, spans, figure(spans, policy_of(page, one)), _causes(rows[one.pk])))
    return found


def _rows(ids: list[str], begun: datetime, ended: datetime) -> dict[str, list[StatusChange]]:
    """Of each component the changes in the time, after the newest before it."""
    changes = StatusChange.objects.filter(component_id__in=ids)
    before = changes.filter(at__lte=begun).order_by("component_id", "-at").distinct("component_id")
    newest = list(before.values_list("pk", flat=True))
    found: dict[str, list[StatusChange]] = defaultdict(list)
    for row in changes.filter(Q(pk__in=newest) | Q(at__gt=begun, at__lt=ended)).order_by("at"):
        found[row.component_id].append(row)
    return found


def _causes(rows: Iterable[StatusChange]) -> list[str]:
    causes = (row.source_id for row in rows if row.source in _CAUSES)
    return list(dict.fromkeys(causes))


def _ids(causes: Iterable[str]) -> list[dict[str, Any]]:
    return [{"id": one} for one in causes]


def _shape(
    page: StatusPage, asked: Range, owner: Any, percent: float | None, all_: Sequence[Measured]
) -> dict[str, Any]:
    return {
        "range_start": utc_seconds(datetime.combine(asked.first, time.min, page.zone)),
        "range_end": utc_seconds(datetime.combine(asked.last, time.min, page.zone)),
        "uptime_percentage": None if percent is None else float(display(percent)),
        "major_outage": sum(one.seconds(ComponentStatus.MAJOR_OUTAGE) for one in all_),
        "partial_outage": sum(one.seconds(ComponentStatus.PARTIAL_OUTAGE) for one in all_),
        "warnings": asked.warnings,
        "id": owner.pk,
        "name": owner.name,
    }


def _unless_skipped(call: Call, related: list[dict[str, Any]]) -> dict[str, Any]:
    skipped = call.query.get("skip_related_events", "").lower() in {"true", "t", "1"}
    return {} if skipped else {"related_events": related}
