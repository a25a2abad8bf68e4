"""One publisher a page at a time, and one version a publishing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction

from outbox.registry import Later
from pages.models import StatusPage
from publishing.prepared import Prepared

_BUSY = timedelta(milliseconds=50)


@contextmanager
def exclusive(page_id: str) -> Iterator[None]:
    """One process at a time publishes a page: cold slices carry over what others have put.

    Raises Later where another is at it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [page_id])
        if not cursor.fetchone()[0]:
            raise Later(_BUSY)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [page_id])


@contextmanager
def page_at_one_version(page_id: str) -> Iterator[StatusPage | None]:
    """The page, None where there is none; all queries of the block see it at the same version."""
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        found = _page(page_id=page_id)
        yield found[0] if found else None


_page: Prepared[StatusPage] = Prepared(
    lambda page_id: (
        StatusPage.objects.present().filter(pk=page_id).select_related("logo_light", "logo_dark", "favicon")
    )
)
