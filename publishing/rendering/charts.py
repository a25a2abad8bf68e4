"""A metric over a time as an SVG that fits any width: letters keep their size, only the line is stretched.

It is a picture of its own (`<img>`), so that a new point changes no page. Colours follow the reader's theme;
what is drawn is also said, in its title and description, and stands in a table on the metric's page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.choices import Period
from publishing.charts import MetricView, PeriodView, Stretch
from publishing.rendering import brand, ticks
from publishing.rendering.assets import SVG
from publishing.rendering.xml import text
from publishing.snapshot import PageView
from store import Document

PERIODS = {
    Period.DAY: gettext_lazy("Last 24 hours"),
    Period.WEEK: gettext_lazy("Last 7 days"),
    Period.MONTH: gettext_lazy("Last 30 days"),
}
HEIGHT = 186
# The plot: pixels from the top, and how high.
_TOP, _PLOT = 46, 118
# The plot's own units across, and what is left free above and below the line for its width.
_ACROSS, _PAD = 1000, 5
# As page.css has it: a picture sees no style sheet of the page.
_FONT = (
    "-apple-system,BlinkMacSystemFont,Segoe UI Variable Text,Segoe UI,Inter,Roboto,Noto Sans,Helvetica Neue,"
    "Arial,sans-serif"
)
# Of page.css: line, grid, text, muted text, ground; light and dark.
_BLUE = ("#2456b3", "#86aeff")
_THEMES = (("#e5e6ea", "#17181c", "#5c616c", "#fff"), ("#282b32", "#eceef2", "#a0a6b2", "#16181c"))
# The share of the width that the time takes: the dot at its end needs the rest.
_REACH = 0.985
# Units that stand right behind the number.
_CLOSE = ("", "%", "°")
# Labels that close to an end of the plot are not centred, or they would be cut.
_EDGE = 0.07


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to pixels below the plot's top, and from moments to a share of its width."""

    low: float
    high: float
    begins: datetime
    ends: datetime
    mirrored: bool

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _PAD + (1 - min(max(share, -1.0), 2.0)) * (_PLOT - 2 * _PAD)

    def x(self, moment: datetime) -> float:
        share = (moment - self.begins) / (self.ends - self.begins) * _REACH
        return 1 - share if self.mirrored else share


def path_of(metric_id: str, period: Period) -> str:
    return f"/metrics/{metric_id}/{period}.svg"


def documents(page: PageView, metric: MetricView) -> list[Document]:
    """A picture for each period, in the language and zone that are active."""
    return [
        Document(path_of(metric.id, one.period), chart(page, metric, one).encode(), SVG, cold=True)
        for one in metric.periods
    ]


def number(value: float, metric: MetricView) -> str:
    """As the language writes it, with its unit."""
    said = plain(value, metric.decimals)
    return f"{said}{metric.suffix}" if metric.suffix[:1] in _CLOSE else f"{said} {metric.suffix}"


def plain(value: float, decimals: int) -> str:
    """The same without a unit."""
    exact = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + Decimal(0)
    return formats.number_format(exact, decimals, use_l10n=True, force_grouping=True)


def summary(metric: MetricView, period: PeriodView) -> str:
    """What the chart says, in one sentence."""
    if period.whole is None:
        return _("No data in this time.")
    said = {
        "average": number(period.whole.mean, metric),
        "lowest": number(period.whole.lowest, metric),
        "highest": number(period.whole.highest, metric),
    }
    return _("Average %(average)s, lowest %(lowest)s, highest %(highest)s.") % said


def chart(page: PageView, metric: MetricView, period: PeriodView) -> str:
    mirrored = translation.get_language_bidi()
    title = f"{metric.name}: {PERIODS[period.period]}"
    inner = _plotted(metric, period, mirrored) if period.whole else _empty()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{HEIGHT}" role="img" '
        f'aria-labelledby="t d" lang="{page.language}" font-family="{_FONT}" font-size="12" '
        f'direction="{"rtl" if mirrored else "ltr"}">'
        f'<title id="t">{text(title)}</title><desc id="d">{text(summary(metric, period))}</desc>'
        f"<style>{_style(page)}</style>{inner}</svg>\n"
    )


def _style(page: PageView) -> str:
    light, dark = _accents(page)
    shades = [_theme(light, *_THEMES[0]), _theme(dark, *_THEMES[1])]
    return (
        f"{shades[0]}.l{{fill:none;stroke-width:2;stroke-linecap:round;stroke-linejoin:round;"
        "vector-effect:non-scaling-stroke}.a{opacity:.14}.v{font-size:22px;font-weight:650;"
        "letter-spacing:-.02em}.u{font-size:13px;font-weight:400;letter-spacing:0}"
        ".n{font-variant-numeric:tabular-nums}.w{paint-order:stroke;stroke-width:3;stroke-linejoin:round}"
        "@media(max-width:420px){.h{display:none}}"
        f"@media(prefers-color-scheme:dark){{{shades[1]}}}"
    )


def _theme(line: str, grid: str, ink: str, muted: str, ground: str) -> str:
    return (
        f".l{{stroke:{line}}}.a{{fill:{line}}}.g{{stroke:{grid}}}.v{{fill:{ink}}}.m{{fill:{muted}}}"
        f".o{{fill:{line};stroke:{ground}}}.w{{stroke:{ground}}}"
    )


def _accents(page: PageView) -> tuple[str, str]:
    """The page's own colour where it has one, as its links have it."""
    if not brand.COLOUR.fullmatch(page.accent):
        return _BLUE
    dark = page.accent_dark if brand.COLOUR.fullmatch(page.accent_dark) else page.accent
    return brand.readable(page.accent, brand.LIGHT_GROUND), brand.readable(dark, brand.DARK_GROUND)


def _empty() -> str:
    y = _TOP + _PLOT - _PAD + 0.5
    return (
        f'<line class="g" x2="100%" y1="{y}" y2="{y}" stroke="#e5e6ea"/>'
        f"{_text('50%', _TOP + _PLOT // 2, _('No data in this time.'), anchor='middle')}"
    )


def _plotted(metric: MetricView, period: PeriodView, mirrored: bool) -> str:
    marks = ticks.of_values(period.stretches, metric.axis)
    scale = _Scale(marks.low, marks.high, period.begins, period.ends, mirrored)
    labels = "" if metric.axis_hidden else _labels(marks, scale, mirrored)
    return (
        f"{_head(metric, period, mirrored)}"
        f'<svg y="{_TOP}" width="100%" height="{HEIGHT - _TOP}" overflow="visible">'
        f"{_grid(marks.at, scale)}{_times(period, scale)}{_line(period, scale)}{labels}</svg>"
    )


def _head(metric: MetricView, period: PeriodView, mirrored: bool) -> str:
    """The newest value, and what the time came to."""
    whole = period.whole
    if whole is None:
        return ""
    newest = metric.latest[1] if metric.latest else period.stretches[-1].mean
    begin, end = ("100%", "0") if mirrored else ("0", "100%")
    ends = f"{plain(whole.lowest, metric.decimals)} – {plain(whole.highest, metric.decimals)}"
    average = _("average %(value)s") % {"value": plain(whole.mean, metric.decimals)}
    gap = "" if metric.suffix[:1] in _CLOSE else " "
    unit = f'{gap}<tspan class="m u" fill="#5c616c">{text(metric.suffix)}</tspan>' if metric.suffix else ""
    return (
        f'<text class="v n" x="{begin}" y="22" fill="#17181c">'
        f"{text(plain(newest, metric.decimals))}{unit}</text>"
        f"{_text(end, 11, average, anchor='end')}{_text(end, 27, ends, anchor='end')}"
    )


def _text(x: str, y: float, said: str, *, anchor: str = "start", kind: str = "m n", size: int = 12) -> str:
    """Muted letters."""
    return (
        f'<text class="{kind}" x="{x}" y="{y:.4g}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="#5c616c">{text(said)}</text>'
    )


def _labels(marks: ticks.Marks, scale: _Scale, mirrored: bool) -> str:
    """On the grid's lines, where the time begins; the unit is the newest value's."""
    x = "100%" if mirrored else "0"
    lines = [(scale.y(at) - 4, plain(at, marks.decimals)) for at in marks.at]
    return "".join(_text(x, y, said, kind="m n w", size=11) for y, said in lines)


def _grid(at: Iterable[float], scale: _Scale) -> str:
    rows = (round(scale.y(value)) + 0.5 for value in at)
    return "".join(f'<line class="g" x2="100%" y1="{y}" y2="{y}" stroke="#e5e6ea"/>' for y in rows)


def _times(period: PeriodView, scale: _Scale) -> str:
    """What stands below; every other one is left out where it is narrow."""
    return "".join(
        _text(
            f"{scale.x(at):.2%}",
            _PLOT + 17,
            said,
            anchor=_anchor(scale, at),
            kind="m n" if wide else "m n h",
            size=11,
        )
        for at, said, wide in ticks.of_time(period)
    )


def _anchor(scale: _Scale, at: datetime) -> str:
    x = scale.x(at)
    if _EDGE <= x <= 1 - _EDGE:
        return "middle"
    return "start" if (x < _EDGE) != scale.mirrored else "end"


def _line(period: PeriodView, scale: _Scale) -> str:
    """The averages as a line, interrupted where nothing is known, and how far values went around them."""
    runs = list(_runs(period.stretches, period.step))
    lines = "".join(_through([_at(one, one.mean, scale, period) for one in run]) for run in runs)
    bands = "".join(_band(run, scale, period) for run in runs)
    last = period.stretches[-1]
    x = scale.x(last.at + period.step / 2)
    return (
        f'<svg width="100%" height="{_PLOT}" viewBox="0 0 {_ACROSS} {_PLOT}" preserveAspectRatio="none">'
        f'<path class="a" d="{bands}" fill="{_BLUE[0]}" opacity=".14"/>'
        f'<path class="l" d="{lines}" fill="none" stroke="{_BLUE[0]}" stroke-width="2" '
        'vector-effect="non-scaling-stroke"/></svg>'
        f'<circle class="o" cx="{x:.2%}" cy="{scale.y(last.mean):.1f}" r="4" stroke-width="2" '
        f'stroke="#fff" fill="{_BLUE[0]}"/>'
    )


def _runs(stretches: Sequence[Stretch], step: timedelta) -> Iterator[list[Stretch]]:
    """Neighbours belong together; what comes seldom is joined over a gap of three steps."""
    run: list[Stretch] = []
    for one in stretches:
        if run and one.at - run[-1].at > 3 * step:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _at(one: Stretch, value: float, scale: _Scale, period: PeriodView) -> tuple[float, float]:
    """A stretch is drawn at its middle."""
    return scale.x(one.at + period.step / 2) * _ACROSS, scale.y(value)


def _through(points: Sequence[tuple[float, float]]) -> str:
    first, *rest = (f"{x:.4g} {y:.4g}" for x, y in points)
    # A line to nowhere is a dot, thanks to its round ends.
    return f"M{first}" + ("".join(f"L{one}" for one in rest) or "h0")


def _band(run: Sequence[Stretch], scale: _Scale, period: PeriodView) -> str:
    above = [_at(one, one.highest, scale, period) for one in run]
    below = [_at(one, one.lowest, scale, period) for one in reversed(run)]
    return f"{_through([*above, *below])}Z" if len(run) > 1 else ""
