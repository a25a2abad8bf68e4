"""The days of a component as a row of pills in SVG, and the same days in words.

A pill's height says how bad its day was, so the row reads without colours; work is a dotted pill, a day
without data a dot. A row without a single exception refers to a shape that the document defines once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from components.choices import ComponentStatus
from publishing.rendering import words
from publishing.snapshot import DayView, UptimeView

PITCH = 8
HEIGHT = 30
FOOT = 27
"""Where a pill's stroke begins; its round end reaches 2.5 further down."""

SHAPES: dict[str | None, tuple[str, str]] = {
    "operational": ("o", "12"),
    "under_maintenance": ("w", "12"),
    "degraded_performance": ("d", "16"),
    "partial_outage": ("p", "20"),
    "major_outage": ("m", "24"),
    None: ("n", "0"),
}
"""Class of the path, and how far the stroke goes up."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row ready for the template; `label` is "" where no day has anything to tell."""

    svg: SafeString
    label: str
    lines: SafeString
    percent: str | None


def bar(uptime: UptimeView, component_id: str) -> Bar:
    """The row of a component, its lines leading to the explanation of each day."""
    lines = "".join(_line(day, uptime, component_id) for day in uptime.days if day.status is not None)
    lines += gaps(uptime)
    return Bar(svg(uptime), label(uptime), mark_safe(lines), uptime.percent)  # noqa: S308


def svg(uptime: UptimeView, slots: int = 0) -> SafeString:
    """The row alone, with room for `slots` days where more than its own are to come.

    Its shape for a run of calm days comes from `calm`.
    """
    statuses = {(day.date - uptime.first).days: day.status for day in uptime.days}
    inner = _paths(statuses, uptime.length) if statuses else f'<use href="#calm{uptime.length}"/>'
    return mark_safe(  # noqa: S308
        f'<svg class="days" viewBox="-3.5 0 {max(slots, uptime.length) * PITCH} {HEIGHT}"'
        f' preserveAspectRatio="none" aria-hidden="true" data-from="{uptime.first}" data-n="{uptime.length}">'
        f"{inner}</svg>"
    )


def calm(lengths: Iterable[int]) -> SafeString:
    """The shapes that calm rows refer to, one per length."""
    shapes = (_paths({}, length, f' id="calm{length}"') for length in sorted(set(lengths)))
    return mark_safe("".join(shapes))  # noqa: S308


def worst_of(uptimes: Iterable[UptimeView]) -> UptimeView | None:
    """The row of a group: the worst of each day, "no data" only where none of its components has any."""
    rows = list(uptimes)
    if not rows:
        return None
    seen: dict[int, list[str | None]] = {}
    for row in rows:
        for day in row.days:
            seen.setdefault((day.date - rows[0].first).days, []).append(day.status)
    days = tuple(
        DayView(rows[0].first + timedelta(days=index), _worst(statuses))
        for index, statuses in sorted(seen.items())
        if _has_something_to_tell(statuses, len(rows))
    )
    return UptimeView(rows[0].first, rows[0].length, None, days)


def _has_something_to_tell(statuses: list[str | None], rows: int) -> bool:
    return any(statuses) or len(statuses) == rows


def _worst(statuses: list[str | None]) -> str | None:
    known = [status for status in statuses if status is not None]
    return ComponentStatus.worst(known).value if known else None


def label(uptime: UptimeView) -> str:
    """What a row comes to, in words: "2 days with problems"."""
    statuses = [day.status for day in uptime.days]
    unknown = statuses.count(None)
    work = statuses.count("under_maintenance")
    if problems := len(statuses) - unknown - work - statuses.count("operational"):
        return words.problem_days(problems)
    if work:
        return words.maintenance_days(work)
    if corrected := sum(1 for day in uptime.days if day.corrections):
        return words.corrected_days(corrected)
    return _silence(uptime, unknown)


def _silence(uptime: UptimeView, unknown: int) -> str:
    """Days before there was anything to know are no fault: what is said of them is when they end."""
    begins = uptime.begins
    if begins is None or any(day.status is None and day.date > begins for day in uptime.days):
        return words.unknown_days(unknown) if unknown else ""
    return words.beginning(begins, is_new=begins == ends(uptime)[1])


def _paths(statuses: dict[int, str | None], length: int, attributes: str = "") -> str:
    strokes: dict[str | None, list[str]] = {}
    previous: str | None = ""
    for index in range(length):
        status = statuses.get(index, "operational")
        rise = SHAPES[status][1]
        start = f"m{PITCH} {rise}" if status == previous else f"M{index * PITCH} {FOOT}"
        strokes.setdefault(status, []).append(f"{start}v-{rise}")
        previous = status
    return "".join(
        f'<path{attributes} class="{SHAPES[status][0]}" d="{"".join(parts)}"/>'
        for status, parts in strokes.items()
    )


def gaps(uptime: UptimeView) -> SafeString:
    """List items for the days without data, one per run of days."""
    return mark_safe("".join(_gap(run, uptime.first) for run in _runs_without_data(uptime.days)))  # noqa: S308


def _line(day: DayView, uptime: UptimeView, component_id: str) -> str:
    parts = ", ".join(f"{words.status_word(status)} {words.duration(count)}" for status, count in day.seconds)
    causes = "".join(f' <a href="/incidents/{cause.id}">{escape(cause.name)}</a>' for cause in day.incidents)
    reasons = "".join(f"; {words.corrected(reason)}" for reason in day.corrections)
    index = (day.date - uptime.first).days
    explained = f"/uptime/{day.date:%Y-%m}#c-{component_id}"
    return (
        f'<li data-i="{index}"><a href="{explained}">{words.short_date(day.date)}</a>'
        f" <span>{escape((parts or words.status_word(day.status)) + reasons)}</span>{causes}</li>"
    )


def _runs_without_data(days: Iterable[DayView]) -> list[list[DayView]]:
    unknown = [day for day in days if day.status is None]
    runs = groupby(enumerate(unknown), key=lambda pair: pair[1].date.toordinal() - pair[0])
    return [[day for _index, day in run] for _start, run in runs]


def _gap(days: list[DayView], first: date) -> str:
    begin, end = days[0].date, days[-1].date
    when = words.short_date(begin) if begin == end else f"{words.short_date(begin)} – {words.short_date(end)}"
    place = f'data-i="{(begin - first).days}" data-to="{(end - first).days}"'
    return f"<li {place}>{when} <span>{_('No data')}</span></li>"


def ends(uptime: UptimeView) -> tuple[date, date]:
    """First and last day of a row."""
    return uptime.first, uptime.first + timedelta(days=uptime.length - 1)
