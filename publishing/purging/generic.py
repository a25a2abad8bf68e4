"""Caches of one's own, such as Varnish: BAN by the Surrogate-Key header, or PURGE address by address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from django.conf import settings

from publishing.purging.asking import CacheError, ask
from publishing.storage import store
from tenants.models import Domain

NEEDS = ("PURGE_URLS",)
METHODS = ("BAN", "PURGE")
# What a cache says of an address that it does not keep.
_NOT_KEPT = (404, 412)


def purge(page_ids: Sequence[str]) -> None:
    """What one cache refuses of one page keeps nothing else from being purged."""
    wanted = list(_bans(page_ids) if settings.PURGE_METHOD == "BAN" else _purges(page_ids))
    own = {"Authorization": f"Bearer {settings.PURGE_TOKEN}"} if settings.PURGE_TOKEN else {}
    refused: list[CacheError] = []
    for base in settings.PURGE_URLS:
        for path, headers in wanted:
            try:
                ask(settings.PURGE_METHOD, base.rstrip("/") + path, own | headers, fine=_NOT_KEPT)
            except CacheError as error:
                refused.append(error)
                if error.is_silence:
                    break
    if refused:
        raise refused[0]


def _bans(page_ids: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    yield "/", {"Surrogate-Key": " ".join(f"page-{page_id}" for page_id in page_ids)}


def _purges(page_ids: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """What is made at every version, at all hosts of the pages. The archive goes out of caches by its age."""
    for host, page_id in Domain.objects.filter(page_id__in=page_ids).values_list("host", "page_id"):
        manifest = store().manifest(page_id)
        for path, entry in manifest.entries.items() if manifest else ():
            if not entry.cold and not path.startswith("/assets/"):
                yield quote(path, safe="/?=&"), {"Host": host}
