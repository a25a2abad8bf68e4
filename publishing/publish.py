"""Publishing: what changed, built, rendered and put into the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils import timezone

from common.tenancy import current_tenant_id
from outbox import heartbeat
from outbox.models import OutboxItem
from outbox.queue import put
from outbox.registry import Later
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.building import calendar
from publishing.documents import (
    all_slices,
    charts,
    history_pages,
    hot_documents,
    incident_paths,
    incidents,
    months,
    slice_documents,
)
from publishing.isolation import exclusive, page_at_one_version
from publishing.rendering.metrics import metric_id
from publishing.rendering.statuspage import history_path
from publishing.snapshot import YearMonth
from publishing.stale import Stale
from publishing.storage import store
from publishing.turns import Turn, turns
from store import PUBLIC, Ahead, Document, Entry, Manifest

COLD = "cold"
# A page is published at most ten times a second; changes in between are published together.
_PAUSE = timedelta(milliseconds=100)
# More than this is left to slices, so that the status page never waits for the archive.
_MONTHS_AT_ONCE = 3
# Few components have a slice each; of many, a slice has several.
_COMPONENTS_BY_NAME = 12
_SOON = timedelta(milliseconds=200)
# Documents that slices make.
_ARCHIVE = ("/incidents/", "/history/", "/uptime/", "/components/", "/history.json?")


def publish(page_id: str, *, anew: bool = False) -> None:
    """Publish the newest version of a page, if the store has an older one, or all of it `anew` in any case.

    Hot documents are made anew; of the cold ones those that changed, a few at once, many in slices.
    Raises Later where somebody else publishes the page right now, or did so a moment ago.
    """
    with exclusive(page_id), turns.taken() as turn, store().ahead() as ahead:
        previous = _published(page_id)
        _mind_the_pause(previous)
        with page_at_one_version(page_id) as page:
            gone = page is None or not page.published
            due = anew or previous is None or (page is not None and previous.version < page.version)
            if _is_crowded(page, previous):
                turn.let_others_first()
            if page is None or gone or not due:
                work = None
            else:
                work = _gather(page, previous, anew, turn, ahead)
        if gone:
            store().remove(page_id)
        elif page is not None and work is not None:
            _put(page, previous, work, ahead)


def _is_crowded(page: StatusPage | None, previous: Manifest | None) -> bool:
    """Whether the page changes faster than it is published."""
    return page is not None and previous is not None and page.version > previous.version + 1


def publish_slice(page_id: str, slice_name: str) -> None:
    """Make one slice of a page's cold documents anew, at the version that is published.

    Raises Later where a newer version waits: one slice after the other would keep it waiting.
    """
    if _is_awaited(page_id):
        raise Later(_SOON)
    with exclusive(page_id), turns.taken(last=True):
        previous = _published(page_id)
        if previous is None:
            # Gone. Whoever publishes the page again asks for every slice.
            return
        with page_at_one_version(page_id) as page:
            if page is None or not page.is_public:
                return
            documents = slice_documents(Builder(page, public_view(page)), slice_name)
        entries = previous.entries | _entries(documents)
        awaited = tuple(name for name in previous.awaited if name != slice_name)
        manifest = replace(previous, release=previous.release + 1, entries=entries, awaited=awaited)
        store().put(manifest, documents)


def _published(page_id: str) -> Manifest | None:
    """What is published, also where another machine published it."""
    store().pull(page_id)
    return store().manifest(page_id)


def _is_awaited(page_id: str) -> bool:
    """Whether the page's publishing is due and nobody is at it."""
    rows = OutboxItem.objects.due(timezone.now() + _SOON)
    return rows.filter(topic=PUBLISH, tenant_id=current_tenant_id(), key=page_id).exists()


@dataclass(slots=True)
class Work:
    """Documents for the next manifest, paths that go, and slices that are left for later.

    `bare`: of what was published before nothing stays or is awaited.
    """

    documents: list[Document]
    gone: set[str]
    slices: list[str]
    bare: bool = False


def _gather(page: StatusPage, previous: Manifest | None, anew: bool, turn: Turn, ahead: Ahead) -> Work:
    builder = Builder(page, public_view(page))
    if builder.view.is_shut:
        return Work([*hot_documents(builder)], set(), [], bare=True)
    stale = _stale(builder, previous)
    stale.everything |= anew
    slices = all_slices(builder) if stale.everything else _later(builder, stale)
    made = _made(builder, stale, set(slices))
    documents = [*ahead.passing(turn.passing(made))]
    gone = _gone(builder, stale, previous) | _hidden_metrics(builder, previous)
    return Work(documents, gone, slices)


def _made(builder: Builder, stale: Stale, slices: set[str]) -> Iterator[Document]:
    yield from hot_documents(builder)
    yield from _now(builder, stale, slices)


def _stale(builder: Builder, previous: Manifest | None) -> Stale:
    shown = sorted(_months_of(previous)) if previous is not None else []
    if previous is None or not shown:
        return Stale(everything=True)
    stale = Stale.since(builder.page, previous.version, shown[-1])
    stale.move_beginning(builder.page, shown[0], builder.first_month)
    return stale


def _later(builder: Builder, stale: Stale) -> list[str]:
    """Slices for what need not, or cannot, be made at once: components' pages, and many months."""
    many_months = stale.months if len(stale.months) > _MONTHS_AT_ONCE else set()
    wanted = {f"m {calendar.name(month)}" for month in many_months}
    if len(stale.components) <= _COMPONENTS_BY_NAME:
        own = [f"k {pk}" for pk in sorted(builder.view.sees(stale.components))]
        return own if not wanted else own + [name for name in all_slices(builder) if name in wanted]
    return [name for name in all_slices(builder) if name in wanted or name.startswith("c ")]


def _now(builder: Builder, stale: Stale, slices: set[str]) -> list[Document]:
    """The cold documents that are made at once: those that no slice will make."""
    if stale.everything:
        return []
    fresh = {month for month in stale.months if f"m {calendar.name(month)}" not in slices}
    past = [number for number in builder.pages if number > 1] if _moves_pages(builder, stale) else []
    return [
        *months(builder, fresh),
        *history_pages(builder, past),
        *incidents(builder, stale.incidents),
        *(charts(builder, stale.metrics) if stale.metrics else []),
    ]


def _moves_pages(builder: Builder, stale: Stale) -> bool:
    """Whether `/history.json` differs beyond its first page."""
    return stale.shifted or any(month < builder.pages[1][-1] for month in stale.months)


def _gone(builder: Builder, stale: Stale, previous: Manifest | None) -> set[str]:
    """Paths of notices, components and months that the page no longer has."""
    if previous is None:
        return set()
    if stale.hides:
        return {path for path in previous.entries if path.startswith(_ARCHIVE)}
    visible = builder.view.incidents(builder.page)
    if stale.everything:
        touched = {path for path in previous.entries if path.startswith("/incidents/")}
    else:
        shown = {one.id for one in builder.notices}
        missing = stale.incidents - shown
        visible = visible.filter(pk__in=missing)
        touched = {path for pk in missing for path in incident_paths(pk)}
    shown_yet = visible.values_list("pk", flat=True) if touched else ()
    kept = {path for pk in shown_yet for path in incident_paths(pk)}
    components = {one.pk for one in builder.components}
    shown = {path for path in previous.entries if path.startswith("/components/")}
    hidden = {path for path in shown if path.split("/")[2] not in components}
    early = {name for month, name in _months_of(previous).items() if month < builder.first_month}
    months = {f"/{kind}/{name}" for name in early for kind in ("history", "uptime")}
    pages = {path for path in previous.entries if path.startswith("/history.json?")}
    past_pages = pages - {history_path(number) for number in builder.pages}
    return (touched - kept) | hidden | months | past_pages


def _hidden_metrics(builder: Builder, previous: Manifest | None) -> set[str]:
    """Paths of metrics that the page no longer shows."""
    shown = {one.id for one in builder.metrics}
    owners = {path: metric_id(path) for path in (previous.entries if previous else ())}
    return {path for path, owner in owners.items() if owner is not None and owner not in shown}


def _put(page: StatusPage, previous: Manifest | None, work: Work, ahead: Ahead) -> None:
    former = previous.entries if previous and not work.bare else {}
    kept = {path: entry for path, entry in former.items() if _stays(path, entry) and path not in work.gone}
    entries = kept | _entries(work.documents)
    waiting = previous.awaited if previous and not work.bare else ()
    awaited = sorted({*waiting, *work.slices})
    now = timezone.now().isoformat()
    release = previous.release + 1 if previous and previous.version == page.version else 0
    manifest = Manifest(page.pk, PUBLIC, page.version, release, now, entries, tuple(awaited))
    # Asked for first: a process that dies in between publishes again, one that died after would forget.
    put(COLD, current_tenant_id(), [f"{page.pk} {name}" for name in work.slices])
    # Refused only where the store is already as new.
    store().put(manifest, work.documents, ahead)
    heartbeat.beat(heartbeat.PUBLISHER)


def _stays(path: str, entry: Entry) -> bool:
    """Cold documents stay as they are; so do assets, for documents that a browser or a cache still holds."""
    return entry.cold or path.startswith("/assets/")


def _entries(documents: Iterable[Document]) -> dict[str, Entry]:
    return {document.path: Entry.of(document) for document in documents}


def _months_of(manifest: Manifest) -> dict[YearMonth, str]:
    """The months that are published, with the part of their paths that names them; the last is current."""
    names = {path.removeprefix("/history/") for path in manifest.entries if path.startswith("/history/")}
    return {calendar.parse(name): name for name in names}


def _mind_the_pause(previous: Manifest | None) -> None:
    if previous is not None:
        since = timezone.now() - datetime.fromisoformat(previous.published_at)
        if timedelta(0) <= since < _PAUSE:
            raise Later(_PAUSE - since)
