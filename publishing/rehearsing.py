"""A page as it would look after a change that is not made."""

from __future__ import annotations

from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.documents import look
from store import Document


def look_of(page: StatusPage) -> dict[str, Document]:
    """The status page and what it loads, by path, of the page as it is in the open transaction."""
    return {document.path: document for document in look(Builder(page, public_view(page)))}
