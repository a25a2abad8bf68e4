"""A snapshot made into documents, without a single query.

`render_hot` makes what every version shows anew; each cold document has a function of its own, which is given
the page and that document's value and nothing that could make it age.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils import translation

from publishing import bars
from publishing.charts import MetricView
from publishing.rendering import assets as parts
from publishing.rendering import charts, embed, engine, metrics, previews, rows, words
from publishing.snapshot import (
    AboutView,
    ComponentPageView,
    GroupView,
    IncidentView,
    MonthView,
    PageView,
    Snapshot,
    UptimeMonthView,
    UptimeView,
)
from store import Document

HTML = "text/html; charset=utf-8"
NOT_FOUND_PATH = "/404"
UNAVAILABLE_PATH = "/503"
KEPT_PATH = "/202"
OPERATIONAL = "operational"
# Of a page these say the same at every version, until its name, look or policy is another.
_PAGES_KEPT = 64


def assets(page: PageView) -> list[Document]:
    """Everything that the page's documents load from its own host."""
    sheet = parts.brand_sheet(page)
    icons = [parts.icon(name) for name in parts.ICON_COLOURS] if not page.favicon else []
    return [parts.stylesheet(), parts.script(), *icons, *([sheet] if sheet else [])]


def render_hot(snapshot: Snapshot) -> list[Document]:
    """The status page, and history and uptime of the current month, each under both of its addresses."""
    page = snapshot.page
    months = [render_month(page, snapshot.month, cold=False)]
    if page.show_uptime:
        months.append(render_uptime_month(page, snapshot.uptime_month, cold=False))
    current = [replace(month, path=month.path.rpartition("/")[0]) for month in months]
    return [render_status(snapshot), *current, *months]


def render_status(snapshot: Snapshot) -> Document:
    page = snapshot.page
    with engine.locale(page):
        groups = [_group(group, show_bars=page.show_uptime) for group in snapshot.groups]
        values = {
            "snapshot": snapshot,
            "section": "status",
            "active": [view for view in snapshot.maintenance if view.status != "scheduled"],
            "upcoming": [view for view in snapshot.maintenance if view.status == "scheduled"],
            "groups": [group for group in groups if group["components"]],
            "calm": bars.calm(_lengths(snapshot.groups)),
            "ends": _ends(snapshot.groups),
            "periods": metrics.periods(),
            "charts": metrics.pictures(),
        }
        title = f"{words.sentence(snapshot.description)} · {page.name}"
        pictured = snapshot.description
        return _document(page, "/", "status.html", title, values, icon=snapshot.indicator, pictured=pictured)


def render_emergency(page: PageView, sentence: str, impact: str, values: dict[str, Any]) -> Document:
    """What stands in for the status page while people can only write by hand."""
    with engine.locale(page):
        title = f"{sentence} · {page.name}"
        return _document(page, "/", "emergency.html", title, values | {"section": "status"}, icon=impact)


def render_incident(page: PageView, incident: IncidentView) -> Document:
    path = f"/incidents/{incident.id}"
    with engine.locale(page):
        values = {"incident": incident, "ending": words.state_word(incident) if incident.cancelled else ""}
        return _document(page, path, "incident.html", incident.name, values, cold=True)


def render_month(page: PageView, month: MonthView, *, cold: bool = True) -> Document:
    """History of a month, at `/history/<year>-<month>`."""
    path = f"/history/{month.month.year}-{month.month.month:02}"
    with engine.locale(page):
        title = words.month_name(month.month.year, month.month.month)
        values = {"view": month, "section": "history"}
        return _document(page, path, "history.html", title, values, cold=cold)


def render_uptime_month(page: PageView, month: UptimeMonthView, *, cold: bool = True) -> Document:
    """Uptime of a month, at `/uptime/<year>-<month>`."""
    path = f"/uptime/{month.month.year}-{month.month.month:02}"
    slots = monthrange(month.month.year, month.month.month)[1]
    lengths = {row.uptime.length for group in month.groups for row in group.rows}
    with engine.locale(page):
        over = month.next is not None
        groups = [
            {"view": group, "rows": [rows.of_uptime(row, slots, over=over) for row in group.rows]}
            for group in month.groups
        ]
        title = words.month_name(month.month.year, month.month.month)
        values = {"view": month, "groups": groups, "calm": bars.calm(lengths), "section": "uptime"}
        return _document(page, path, "uptime.html", title, values, cold=cold)


def render_component(page: PageView, component: ComponentPageView) -> Document:
    path = f"/components/{component.id}"
    with engine.locale(page):
        return _document(page, path, "component.html", component.name, {"component": component}, cold=True)


def render_metric(page: PageView, metric: MetricView) -> list[Document]:
    """Its page, its charts, and its numbers for machines."""
    with engine.locale(page):
        values = metrics.values(metric)
        return [
            _document(page, f"{metrics.OWN}{metric.id}", "metric.html", metric.name, values, cold=True),
            *charts.documents(page, metric),
            *metrics.for_machines(page, metric),
        ]


@lru_cache(maxsize=_PAGES_KEPT)
def render_about(page: PageView, about: AboutView) -> Document:
    with engine.locale(page):
        title = translation.gettext("About this page")
        values = {"about": about, "section": "about"} | embed.snippets(page)
        return _document(page, "/about", "about.html", title, values, cold=True)


@lru_cache(maxsize=_PAGES_KEPT)
def render_not_found(page: PageView) -> Document:
    """What the edge answers, with status 404, for a path that no document has."""
    with engine.locale(page):
        title = translation.gettext("Page not found")
        return _document(page, NOT_FOUND_PATH, "not_found.html", title, {}, cold=True, status=404)


@lru_cache(maxsize=_PAGES_KEPT)
def render_unavailable(page: PageView) -> Document:
    """What is answered, with status 503, to whoever subscribes or leaves while the database is away."""
    with engine.locale(page):
        title = translation.gettext("Not at the moment")
        return _document(page, UNAVAILABLE_PATH, "unavailable.html", title, {}, cold=True, status=503)


@lru_cache(maxsize=_PAGES_KEPT)
def render_kept(page: PageView) -> Document:
    """What is answered, with status 202, to whoever subscribes meanwhile and whose request is kept."""
    with engine.locale(page):
        title = translation.gettext("Kept for later")
        return _document(page, KEPT_PATH, "kept.html", title, {}, cold=True, status=202)


def render_closed(page: PageView) -> list[Document]:
    """All that is shown of a page that is not for everybody: at its address, and wherever else one looks."""
    with engine.locale(page):
        title = translation.gettext("This status page is not public")
        return [
            _document(page, path, "closed.html", title, {}, status=status)
            for path, status in (("/", 403), (NOT_FOUND_PATH, 404))
        ]


def _document(
    page: PageView,
    path: str,
    template: str,
    title: str,
    values: dict[str, Any],
    *,
    icon: str = "page",
    pictured: str = "",
    status: int = 200,
    cold: bool = False,
) -> Document:
    sheet = parts.brand_sheet(page)
    shared = {
        "page": page,
        "section": "",
        "canonical": page.base_url + path,
        "title": title,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
        "stylesheet": parts.stylesheet().path,
        "script": parts.script().path,
        "brand": sheet.path if sheet else "",
        "picture": previews.address(page, pictured),
        "icon": page.favicon or parts.icon(icon).path,
        "status_code": status,
        "live": True,
    }
    return Document(path, engine.render(template, shared | values), HTML, status, cold)


def _group(group: GroupView, *, show_bars: bool) -> dict[str, Any]:
    shown = [
        view for view in group.components if view.status != "operational" or not view.only_show_if_degraded
    ]
    components = [rows.of_status(view, show_bar=show_bars) for view in shown]
    uptimes = [view.uptime for view in shown if view.uptime and view.showcase]
    whole = bars.worst_of(uptimes) if show_bars and group.name else None
    return {"view": group, "components": components, "svg": bars.svg(whole) if whole else ""}


def _uptimes(groups: Iterable[GroupView]) -> list[UptimeView]:
    return [view.uptime for group in groups for view in group.components if view.uptime]


def _lengths(groups: Iterable[GroupView]) -> set[int]:
    return {uptime.length for uptime in _uptimes(groups)}


def _ends(groups: Iterable[GroupView]) -> tuple[date, date] | None:
    """First and last day of the bars, for their caption; None without bars."""
    uptime = next(iter(_uptimes(groups)), None)
    return bars.ends(uptime) if uptime else None
