"""A page's further names lead to its canonical one; those that clients call answer themselves."""

from __future__ import annotations

import pytest

from edge import Edge
from store import HostEntry, Store
from tests.edge.visitor import asking, teapot
from tests.store.builders import ACME, publish, text

PRIMARY = "status.acme.test"
ALIAS = "stoerung.acme.test"
ANSWERING = (PRIMARY, "acme.localhost", "acmeacmeacme.localhost", "second.acme.test")
PATHS = ("/", "/history", "/api/v2/status.json")


@pytest.fixture
def edge(store: Store) -> Edge:
    publish(store, 1)
    kinds = dict(zip(ANSWERING, ("custom", "slug", "id", "custom"), strict=True)) | {ALIAS: "alias"}
    entries = {host: HostEntry(ACME, PRIMARY, kind, True) for host, kind in kinds.items()}
    entries["own.acme.test"] = HostEntry(ACME, "own.acme.test", "alias", True)
    entries["draft.acme.test"] = HostEntry(ACME, PRIMARY, "alias", False)
    store.put_hosts(1, entries)
    return Edge(store, teapot)


@pytest.mark.parametrize("host", [*ANSWERING, "own.acme.test"])
@pytest.mark.parametrize("path", PATHS)
def test_every_host_that_a_client_knows_answers_itself(edge: Edge, host: str, path: str) -> None:
    reply = asking(edge, host, path)
    assert (reply.status, reply.body) == (200, text(ACME, path, 1))


@pytest.mark.parametrize(
    ("path", "query", "location"),
    [
        ("/", b"", "/"),
        ("/history/2026-11", b"", "/history/2026-11"),
        ("/history.json", b"page=2&x=%20y", "/history.json?page=2&x=%20y"),
        ("/api/v2/status.json", b"", "/api/v2/status.json"),
        ("/subscriptions/new", b"", "/subscriptions/new"),
        ("/events", b"v=3", "/events?v=3"),
        ("//evil.test", b"", "//evil.test"),
    ],
)
@pytest.mark.parametrize("port", ["", ":8000"])
def test_an_alias_moves_to_the_primary_host(
    edge: Edge, path: str, query: bytes, location: str, port: str
) -> None:
    reply = asking(edge, ALIAS.upper() + port, path, query=query)
    assert (reply.status, reply.body) == (308, b"")
    assert reply.headers["location"] == f"//{PRIMARY}{port}{location}"
    assert reply.headers["surrogate-key"] == f"page-{ACME}"
    assert reply.headers["cache-control"] == "public, max-age=10"


@pytest.mark.parametrize("port", [":", ":evil", ":80@evil.test", ":123456", ":８０"])
def test_nothing_but_a_port_is_taken_over_from_the_request(edge: Edge, port: str) -> None:
    assert asking(edge, ALIAS + port.encode().decode("latin-1")).headers["location"] == f"//{PRIMARY}/"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_a_method_goes_along(edge: Edge, method: str) -> None:
    assert asking(edge, ALIAS, "/subscriptions/new", method).status == 308


def test_scripts_of_other_sites_may_follow(edge: Edge) -> None:
    assert asking(edge, ALIAS, "/api/v2/status.json", "OPTIONS").status == 204
    assert asking(edge, ALIAS, "/api/v2/status.json").headers["access-control-allow-origin"] == "*"


def test_an_alias_of_what_is_not_published_is_unknown(edge: Edge) -> None:
    assert asking(edge, "draft.acme.test").status == 404
