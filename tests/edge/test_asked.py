"""Documents that a query or a preference chooses, and what scripts of other sites may read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.asked import wants_markdown
from store import Document, Store
from tests.edge.visitor import ACME_HOST, asking, edge_over
from tests.store.builders import HTML, documents, manifest

JSON = "application/json; charset=utf-8"
MADE = [
    Document("/history.json", b'{"months":[1]}', JSON),
    Document("/history.json?page=2", b'{"months":[2]}', JSON),
    Document("/index.md", b"# Acme", "text/markdown; charset=utf-8"),
    Document("/history.atom", b"<feed/>", "application/atom+xml; charset=utf-8"),
    Document("/history.ics", b"BEGIN:VCALENDAR", "text/calendar; charset=utf-8"),
    Document("/badge.svg", b"<svg/>", "image/svg+xml"),
    Document("/status.txt", b"fine", "text/plain; charset=utf-8"),
    Document("/404", b"<h1>Nothing here</h1>", HTML, status=404),
]


@pytest.fixture
def published(store: Store) -> Store:
    new = documents(1) + MADE
    store.put(manifest(1, new), new)
    return store


@pytest.mark.parametrize(
    ("query", "status", "body"),
    [
        (b"", 200, b'{"months":[1]}'),
        (b"page=1", 200, b'{"months":[1]}'),
        (b"page=2", 200, b'{"months":[2]}'),
        (b"utm_source=x&page=2", 200, b'{"months":[2]}'),
        (b"utm_source=x", 200, b'{"months":[1]}'),
        (b"page=3", 404, b"<h1>Nothing here</h1>"),
        (b"page=0", 404, b"<h1>Nothing here</h1>"),
        (b"page=%32", 404, b"<h1>Nothing here</h1>"),
        (b"page=../../404", 404, b"<h1>Nothing here</h1>"),
        (b"page=\xff", 404, b"<h1>Nothing here</h1>"),
    ],
)
def test_a_page_of_history_is_chosen_by_its_number(
    published: Store, query: bytes, status: int, body: bytes
) -> None:
    reply = asking(edge_over(published), ACME_HOST, "/history.json", query=query)

    assert (reply.status, reply.body) == (status, body)


def test_a_query_chooses_nothing_else(published: Store) -> None:
    assert asking(edge_over(published), ACME_HOST, "/history.atom", query=b"page=2").body == b"<feed/>"


@pytest.mark.parametrize(
    ("accept", "markdown"),
    [
        ("text/markdown", True),
        ("Text/Markdown;q=0.9, text/html", True),
        ("text/markdown, text/html;q=0.9, */*;q=0.1", True),
        ("text/html, text/markdown", False),
        ("text/*", False),
        ("*/*", False),
        ("", False),
        ("text/markdown2", False),
    ],
)
def test_the_home_page_is_markdown_for_those_who_want_that_first(
    published: Store, accept: str, markdown: bool
) -> None:
    reply = asking(edge_over(published), ACME_HOST, accept=accept)

    assert reply.status == 200
    assert (reply.body == b"# Acme") is markdown
    if markdown:
        assert reply.headers["cache-control"] == "private, no-store"
        assert reply.headers["content-type"] == "text/markdown; charset=utf-8"
    else:
        assert reply.headers["content-type"] == HTML
        assert "public" in reply.headers["cache-control"]
    assert "public" in asking(edge_over(published), ACME_HOST, "/index.md").headers["cache-control"]


def test_a_page_without_markdown_answers_in_html(store: Store) -> None:
    store.put(manifest(1, documents(1)), documents(1))

    assert asking(edge_over(store), ACME_HOST, accept="text/markdown").headers["content-type"] == HTML


@given(st.binary(max_size=80))
def test_any_accept_is_understood(accept: bytes) -> None:
    assert wants_markdown(b"text/markdown," + accept)
    assert not wants_markdown(b"text/html," + accept)


@pytest.mark.parametrize("document", MADE, ids=lambda document: document.path)
def test_what_machines_read_may_be_read_from_any_site(published: Store, document: Document) -> None:
    path, _, query = document.path.partition("?")
    reply = asking(edge_over(published), ACME_HOST, path, query=query.encode())
    nothing = asking(edge_over(published), ACME_HOST, path, "HEAD", query=query.encode())

    assert reply.headers["content-type"] == document.content_type
    assert ("access-control-allow-origin" in reply.headers) is (document.content_type != HTML)
    assert (nothing.status, nothing.body, nothing.headers) == (reply.status, b"", reply.headers)


def test_scripts_of_other_sites_may_ask_first(published: Store) -> None:
    for path in ("/api/v2/status.json", "/api/v2/nothing.json"):
        reply = asking(edge_over(published), ACME_HOST, path, "OPTIONS")

        assert (reply.status, reply.body) == (204, b"")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "GET" in reply.headers["access-control-allow-methods"]
    assert asking(edge_over(published), ACME_HOST, "/", "OPTIONS").status == 405
    assert asking(edge_over(published), "nobody.localhost", "/api/v2/status.json", "OPTIONS").status == 404
