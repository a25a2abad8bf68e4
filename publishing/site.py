"""A published page as one archive of plain files, for any server of files."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.zipping import zipped
from copies.copying import confirmation
from copies.names import as_file
from publishing.storage import store
from store import Manifest, StoreError


def site(page_id: str) -> Iterator[bytes]:
    """A ZIP file in pieces, of what visitors see now. Raises Refused for a page that nobody sees, and, while
    the pieces are fetched, StoreError where the store has lost a document."""
    store().pull(page_id)
    manifest = store().manifest(page_id)
    if manifest is None:
        raise Refused(_("The page is not launched: there is nothing that visitors see."))
    return zipped(_files(manifest))


def _files(manifest: Manifest) -> Iterator[tuple[str, list[bytes]]]:
    for path, entry in sorted(manifest.entries.items()):
        body = store().body(entry.hash)
        if body is None:
            message = f"The store has lost the body of {path}."
            raise StoreError(message)
        yield as_file(path, entry.type), [body]
    newest = confirmation(manifest, timezone.now())
    yield newest.name, [newest.body]
