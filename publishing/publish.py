"""Publishing: what changed, built, rendered and put into the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from common.tenancy import current_tenant_id
from outbox import heartbeat
from outbox.queue import put
from outbox.registry import Later
from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.building import calendar
from publishing.documents import all_slices, components, hot_documents, incidents, months, slice_documents
from publishing.isolation import exclusive, page_at_one_version
from publishing.snapshot import YearMonth
from publishing.stale import Stale
from publishing.storage import store
from store import PUBLIC, Document, Entry, Manifest

COLD = "cold"
# A page is published at most ten times a second; changes in between are published together.
_PAUSE = timedelta(milliseconds=100)
# More than this is left to slices, so that the status page never waits for the archive.
_AT_ONCE = 12
_MONTHS_AT_ONCE = 3
_SOON = timedelta(milliseconds=200)


def publish(page_id: str) -> None:
    """Publish the newest version of a page, if the store has an older one.

    Hot documents are made anew; of the cold ones those that changed, a few at once, many in slices.
    Raises Later where somebody else publishes the page right now, or did so a moment ago.
    """
    with exclusive(page_id):
        previous = store().manifest(page_id)
        _mind_the_pause(previous)
        with page_at_one_version(page_id) as page:
            work = _gather(page, previous) if page is not None and page.published else None
        if page is None or work is None:
            store().remove(page_id)
        elif previous is None or previous.version < page.version:
            _put(page, previous, work)


def publish_slice(page_id: str, slice_name: str) -> None:
    """Make one slice of a page's cold documents anew, at the version that is published."""
    with exclusive(page_id):
        previous = store().manifest(page_id)
        if previous is None:
            raise Later(_SOON)
        with page_at_one_version(page_id) as page:
            if page is None:
                return
            documents = slice_documents(Builder(page, public_view(page)), slice_name)
        entries = previous.entries | _entries(documents)
        release = previous.release + 1
        store().put(_manifest(page, previous.version, release, entries), documents)


@dataclass(slots=True)
class Work:
    """Documents for the next manifest, paths that go, and slices that are left for later."""

    documents: list[Document]
    gone: set[str]
    slices: list[str]


def _gather(page: StatusPage, previous: Manifest | None) -> Work:
    builder = Builder(page, public_view(page))
    shown = _shown_month(previous)
    stale = Stale.since(page, previous.version, shown) if previous else Stale(everything=True)
    slices = all_slices(builder) if stale.everything else _large(builder, stale)
    documents = [*hot_documents(builder), *_few(builder, stale, set(slices))]
    return Work(documents, _gone(builder, stale, previous), slices)


def _large(builder: Builder, stale: Stale) -> list[str]:
    """Slices for what is too much to do at once."""
    many_months = stale.months if len(stale.months) > _MONTHS_AT_ONCE else set()
    wanted = {f"m {calendar.name(month)}" for month in many_months}
    many_components = len(stale.components) > _AT_ONCE
    return [
        name for name in all_slices(builder) if name in wanted or (many_components and name.startswith("c "))
    ]


def _few(builder: Builder, stale: Stale, slices: set[str]) -> list[Document]:
    """The cold documents that are made at once: those that no slice will make."""
    if stale.everything:
        return []
    fresh = {month for month in stale.months if f"m {calendar.name(month)}" not in slices}
    touched = () if any(name.startswith("c ") for name in slices) else stale.components
    return [
        *months(builder, fresh),
        *incidents(builder, stale.incidents),
        *components(builder, touched),
    ]


def _gone(builder: Builder, stale: Stale, previous: Manifest | None) -> set[str]:
    """Paths of notices and components that the page no longer shows."""
    if previous is None:
        return set()
    if stale.everything:
        kept = {
            f"/incidents/{pk}" for pk in builder.view.incidents(builder.page).values_list("pk", flat=True)
        }
        touched = {path for path in previous.entries if path.startswith("/incidents/")}
    else:
        visible = builder.view.incidents(builder.page).filter(pk__in=stale.incidents)
        kept = {f"/incidents/{pk}" for pk in visible.values_list("pk", flat=True)}
        touched = {f"/incidents/{pk}" for pk in stale.incidents}
    components = {f"/components/{one.pk}" for one in builder.components}
    shown = {path for path in previous.entries if path.startswith("/components/")}
    return (touched - kept) | (shown - components)


def _put(page: StatusPage, previous: Manifest | None, work: Work) -> None:
    former = previous.entries if previous else {}
    kept = {path: entry for path, entry in former.items() if _stays(path, entry) and path not in work.gone}
    manifest = _manifest(page, page.version, 0, kept | _entries(work.documents))
    # Asked for first: a process that dies in between publishes again, one that died after would forget.
    put(COLD, current_tenant_id(), [f"{page.pk} {name}" for name in work.slices])
    if not store().put(manifest, work.documents):
        raise Later(_PAUSE)
    heartbeat.beat(heartbeat.PUBLISHER)


def _stays(path: str, entry: Entry) -> bool:
    """Cold documents stay as they are; so do assets, for documents that a browser or a cache still holds."""
    return entry.cold or path.startswith("/assets/")


def _manifest(page: StatusPage, version: int, release: int, entries: dict[str, Entry]) -> Manifest:
    return Manifest(page.pk, PUBLIC, version, release, timezone.now().isoformat(), entries)


def _entries(documents: Iterable[Document]) -> dict[str, Entry]:
    return {document.path: Entry.of(document) for document in documents}


def _shown_month(previous: Manifest | None) -> YearMonth | None:
    """The month that is published as the current one: the only one whose history is not cold."""
    months = [
        path.removeprefix("/history/")
        for path, entry in (previous.entries.items() if previous else ())
        if path.startswith("/history/2") and not entry.cold
    ]
    return max(map(calendar.parse, months), default=None)


def _mind_the_pause(previous: Manifest | None) -> None:
    if previous is not None:
        since = timezone.now() - datetime.fromisoformat(previous.published_at)
        if timedelta(0) <= since < _PAUSE:
            raise Later(_PAUSE - since)
