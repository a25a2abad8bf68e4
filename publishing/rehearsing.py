"""A page as it would look after a change that is not made."""

from __future__ import annotations

from pages.models import StatusPage
from publishing.audience import public_view
from publishing.build import Builder
from publishing.documents import charts, hot_documents
from store import Document


def look_of(page: StatusPage) -> dict[str, Document]:
    """The documents of every version, and charts, by path, of the page as it is in the open transaction."""
    builder = Builder(page, public_view(page))
    return {document.path: document for document in (*hot_documents(builder), *charts(builder))}
