"""A page's documents, built and rendered: the hot ones, and the cold ones by what they are about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from django.utils import timezone

from publishing import render
from publishing.build import Builder
from publishing.building import calendar
from publishing.building.charts import metric_views
from publishing.building.page import about_view, images
from publishing.emergency import ready, targets
from publishing.forms import ComponentForms
from publishing.rendering import badges, embed, favicon, feeds, icalendar, previews, statuspage, texts
from publishing.snapshot import PageView, Snapshot, YearMonth
from store import Document

_COMPONENTS_A_SLICE = 20
# The slice of pictures for links to the page.
PREVIEWS = "p all"
# The slice of `/history.json` without its first page, which is hot.
PAST_PAGES = "h 2"
# The slice of metrics' charts.
CHARTS = "x all"


def hot_documents(builder: Builder) -> Iterator[Document]:
    """Made at every version. What is small and belongs to the whole page is made with them.

    The largest come first: each is packed while others are still being made. Of a page that is not for
    everybody there are a few that say so, and nothing else, neither here nor in slices.
    """
    if builder.view.is_shut:
        yield from closed(builder)
        return
    page, snapshot = builder.page_view, builder.snapshot()
    yield from statuspage.documents(builder.statuspage(snapshot))
    yield from feeds.documents(page, builder.feed())
    yield from history_pages(builder, [1])
    yield from (icalendar.document(page, one) for one in builder.calendars())
    yield from render.render_hot(snapshot)
    yield from _small(builder, page, snapshot)


def closed(builder: Builder) -> list[Document]:
    """All that there is of a page that is not for everybody."""
    page = builder.page_view
    return [*render.render_closed(page), texts.robots(page, hidden=True), *assets(builder)]


def assets(builder: Builder) -> list[Document]:
    """What its documents load."""
    found, icon = images(builder.page), builder.page.favicon
    shown = (bytes(icon.content), icon.content_type) if icon else (b"", "")
    return [
        *render.assets(builder.page_view),
        *(Document(one.path, bytes(one.content), one.content_type) for one in found),
        favicon.document(*shown),
    ]


def _small(builder: Builder, page: PageView, snapshot: Snapshot) -> list[Document]:
    return [
        *badges.of_page(snapshot),
        *texts.documents(snapshot, builder.site()),
        *embed.documents(snapshot),
        render.render_about(page, about_view(builder.page)),
        render.render_not_found(page),
        *ready.documents(page),
        targets.document(builder.page),
        render.render_unavailable(page),
        render.render_kept(page),
        *assets(builder),
    ]


def slice_documents(builder: Builder, name: str) -> list[Document]:
    """`m 2026-08`: a month's history and uptime and the notices that began in it; `c 3`: components;
    `k <id>`: one of them; `h 2`: `/history.json` from its second page on; `p all`: pictures; `x all`:
    charts."""
    if builder.view.is_shut:
        return []
    kind, value = name.split(" ")
    if kind == "k":
        return components(builder, [value])
    if kind == "p":
        return pictures(builder)
    if kind == "x":
        return charts(builder)
    if kind == "h":
        return history_pages(builder, [number for number in builder.pages if number >= int(value)])
    if kind == "c":
        first = int(value) * _COMPONENTS_A_SLICE
        return components(
            builder, [one.pk for one in builder.components[first : first + _COMPONENTS_A_SLICE]]
        )
    month = calendar.parse(value)
    begun, ended = calendar.span(month, builder.page.zone)
    found = builder.view.incidents(builder.page).filter(started_at__gte=begun, started_at__lt=ended)
    return [*months(builder, {month}), *incidents(builder, found.values_list("pk", flat=True))]


def all_slices(builder: Builder) -> list[str]:
    """Every cold document is in one of these. Scheduled maintenance may begin in a month to come."""
    if builder.view.is_shut:
        return []
    newest = builder.view.incidents(builder.page).order_by("-started_at").values_list("started_at", flat=True)
    last = max(builder.this_month, calendar.month_of(newest.first() or builder.now, builder.page.zone))
    return [
        *(
            f"m {calendar.name(month)}"
            for month in reversed(list(calendar.months(builder.first_month, last)))
        ),
        *(f"c {number}" for number in range(-(-len(builder.components) // _COMPONENTS_A_SLICE))),
        PAST_PAGES,
        PREVIEWS,
        *([CHARTS] if builder.metrics else []),
    ]


def pictures(builder: Builder) -> list[Document]:
    """What is shown where somebody links to the page, one for each state."""
    logo = builder.page.logo_light
    content = bytes(logo.content) if logo else b""
    return [previews.document(builder.page_view, name, content) for name in previews.names()]


def charts(builder: Builder, ids: Collection[str] | None = None) -> list[Document]:
    """All about the metrics that are shown, or those of them with these ids: as they are now. Points come
    without a version, so this alone is not built for the version's instant."""
    found = metric_views(builder.page, timezone.now(), ids)
    return [document for metric in found for document in render.render_metric(builder.page_view, metric)]


def months(builder: Builder, months: Iterable[YearMonth]) -> list[Document]:
    """History and uptime of past months; the current one is hot."""
    page = builder.page_view
    past = sorted(month for month in months if builder.first_month <= month < builder.this_month)
    return [
        document
        for month in past
        for document in (
            render.render_month(page, builder.month(month)),
            render.render_uptime_month(page, builder.uptime_month(month)),
        )
    ]


def history_pages(builder: Builder, numbers: Iterable[int]) -> list[Document]:
    """Pages of `/history.json`; the first is hot."""
    pages = builder.history_pages(numbers)
    return [statuspage.history(page, builder.page.zone, cold=page.number > 1) for page in pages]


def incident_paths(incident_id: str) -> tuple[str, str]:
    """Where a notice's own documents are."""
    return f"/incidents/{incident_id}", f"/incidents/{incident_id}.json"


def incidents(builder: Builder, ids: Iterable[str]) -> list[Document]:
    ids = list(ids)
    page = builder.page_view
    return [
        document
        for incident, shape in (builder.incidents(ids) if ids else [])
        for document in (render.render_incident(page, incident), statuspage.single(shape))
    ]


def components(builder: Builder, ids: Iterable[str]) -> list[Document]:
    """Their pages, feeds, calendars and badges."""
    ids = list(ids)
    if not ids:
        return []
    page = builder.page_view
    return [
        *(render.render_component(page, component) for component in builder.component_pages(ids)),
        *(document for forms in builder.component_forms(ids) for document in component_forms(page, forms)),
    ]


def component_forms(page: PageView, forms: ComponentForms) -> list[Document]:
    return [
        *feeds.documents(page, forms.feed),
        icalendar.document(page, forms.calendar),
        *badges.of_component(page, forms),
    ]
