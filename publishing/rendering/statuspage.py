"""What readers of Statuspage read: `/api/v2`, `/history.json` and `/incidents/<id>.json`."""

from __future__ import annotations

from calendar import month_abbr, month_name, monthrange
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from publishing.encoding import Json, as_json, json_list, json_object
from publishing.forms import HistoryPage, Shape, StatuspageView
from publishing.rendering.words import zone_name
from publishing.snapshot import IncidentSummary, YearMonth
from store import Document

JSON = "application/json; charset=utf-8"


def documents(view: StatuspageView) -> list[Document]:
    status, components = {"status": view.status}, {"components": json_list(view.components)}
    unresolved = {"incidents": json_list(view.unresolved)}
    waiting = {"scheduled_maintenances": json_list([*view.active, *view.upcoming])}
    bodies: dict[str, dict[str, Json]] = {
        "summary": components | unresolved | waiting | status,
        "status": status,
        "components": components,
        "incidents": {"incidents": json_list(view.incidents)},
        "incidents/unresolved": unresolved,
        "incidents/resolved": {"incidents": json_list(view.resolved)},
        "scheduled-maintenances": {"scheduled_maintenances": json_list(view.maintenance)},
        "scheduled-maintenances/upcoming": {"scheduled_maintenances": json_list(view.upcoming)},
        "scheduled-maintenances/active": {"scheduled_maintenances": json_list(view.active)},
    }
    return [
        Document(f"/api/v2/{name}.json", json_object({"page": view.page} | body).encode(), JSON)
        for name, body in bodies.items()
    ]


def single(shape: Shape) -> Document:
    return Document(f"/incidents/{shape['id']}.json", encoded(shape), JSON, cold=True)


def history(page: HistoryPage, zone: ZoneInfo, *, cold: bool) -> Document:
    months = [_month(month, notices, zone) for month, notices in page.months]
    return Document(history_path(page.number), encoded({"months": months}), JSON, cold=cold)


def history_path(number: int) -> str:
    return f"/history.json?page={number}" if number > 1 else "/history.json"


def _month(month: YearMonth, notices: Iterable[IncidentSummary], zone: ZoneInfo) -> Shape:
    first_weekday, length = monthrange(month.year, month.month)
    return {
        "year": month.year,
        "name": month_name[month.month],
        # Days of the week from Sunday on.
        "starts_on": (first_weekday + 1) % 7,
        "days": length,
        "incidents": [_line(notice, zone) for notice in notices],
    }


def _line(notice: IncidentSummary, zone: ZoneInfo) -> Shape:
    return {
        "code": notice.id,
        "name": notice.name,
        "message": notice.latest,
        "impact": notice.impact,
        "timestamp": _span(notice.started_at.astimezone(zone), notice.resolved_at, zone),
    }


def _span(began: datetime, ended: datetime | None, zone: ZoneInfo) -> str:
    """`Aug <var data-var='date'>20</var>, <var data-var='time'>14:43</var> - <var …>15:10</var> UTC`."""
    until = ended.astimezone(zone) if ended else None
    last = ""
    if until:
        last = f" - {_clock(until)}" if until.date() == began.date() else f" - {_moment(until)}"
    return f"{_moment(began)}{last} {zone_name(until or began)}"


def _moment(local: datetime) -> str:
    return f"{month_abbr[local.month]} <var data-var='date'>{local.day:2}</var>, {_clock(local)}"


def _clock(local: datetime) -> str:
    return f"<var data-var='time'>{local:%H:%M}</var>"


def encoded(value: object) -> bytes:
    return as_json(value).encode()
