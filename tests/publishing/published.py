"""The invariant of publishing: after the outbox drains, what is stored equals a fresh build."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from outbox.drain import drain
from outbox.models import OutboxItem
from outbox.registry import Lane, topics
from pages.models import StatusPage
from publishing import render
from publishing.audience import public_view
from publishing.build import Builder
from publishing.building import histories, told
from publishing.documents import all_slices, hot_documents, slice_documents
from publishing.emergency import ready
from publishing.rendering import feeds, icalendar, rows, words
from publishing.storage import store

_CACHED = (
    *(rows._of_status, rows._of_uptime, rows._of_notice, rows._of_update, words._stamp),
    *(feeds._content, feeds._entry, feeds._item, histories._policy, icalendar._event, ready._of_impact),
    *(render.render_about, render.render_not_found, render.render_unavailable, render.render_kept),
)


def drain_publishing() -> None:
    """Publish all that is due, pauses between two versions skipped."""
    names = topics(Lane.PUBLISH, Lane.ARCHIVE)
    for _ in range(50):
        soon = timezone.now() + timedelta(seconds=2)
        OutboxItem.objects.filter(topic__in=names, due_at__lte=soon).update(due_at=timezone.now())
        if not drain(names):
            return
    message = f"Never done: {list(OutboxItem.objects.values('topic', 'key', 'last_error'))}"
    raise AssertionError(message)


def forget() -> None:
    """Whatever this process keeps from version to version: what it makes next, it makes anew."""
    for kept in (told.kept, histories.kept):
        kept.clear()
    for cached in _CACHED:
        cached.cache_clear()


def fresh_build(page: StatusPage) -> dict[str, bytes]:
    """Every document of the page as it is now, by path."""
    forget()
    current = StatusPage.objects.get(pk=page.pk)
    builder = Builder(current, public_view(current))
    documents = [*hot_documents(builder)]
    for name in all_slices(builder):
        documents += slice_documents(builder, name)
    return {document.path: document.body for document in documents}


def stored(page: StatusPage) -> dict[str, bytes]:
    """Every document of the page that the store has, by path; past assets left out."""
    manifest = store().manifest(page.pk)
    assert manifest is not None
    found = {path: store().body(entry.hash) for path, entry in manifest.entries.items()}
    return {path: body for path, body in found.items() if body is not None}


def assert_published(page: StatusPage) -> None:
    wanted, found = fresh_build(page), stored(page)
    manifest = store().manifest(page.pk)
    assert manifest is not None
    assert manifest.version == StatusPage.objects.get(pk=page.pk).version
    extra = {path for path in found.keys() - wanted.keys() if not path.startswith("/assets/")}
    assert not extra, f"Published, but no longer of the page: {extra}"
    assert not wanted.keys() - found.keys(), f"Missing: {wanted.keys() - found.keys()}"
    stale = {path for path in wanted if wanted[path] != found[path]}
    assert not stale, f"Stale: {stale}"
