from __future__ import annotations

import base64
import gzip
import hashlib
import re

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from edge.negotiation import choose, matches
from edge.request import hostname
from store import Document, Store
from tests.edge.visitor import ACME_HOST, DRAFT_HOST, GLOBEX_HOST, asking, edge_over, teapot
from tests.store.builders import ACME, GLOBEX, HTML, documents, manifest, publish, text

DECODERS = {
    None: bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.ZstdDecompressor().decompress,
}
MORE = [
    Document("/assets/0123.css", b"body{margin:0}" * 30, "text/css; charset=utf-8"),
    Document("/404", b"<h1>Nothing here, says Acme</h1>" * 9, HTML, status=404),
    Document("/tiny", b"ok", "text/plain; charset=utf-8"),
]


@pytest.fixture
def published(store: Store) -> Store:
    new = documents(1) + MORE
    store.put(manifest(1, new), new)
    publish(store, 1, GLOBEX)
    return store


@pytest.mark.parametrize(
    "host", [ACME_HOST, "ACME.localhost:8000", "acme.localhost.", "acmeacmeacme.localhost:80"]
)
def test_a_host_serves_its_page(published: Store, host: str) -> None:
    reply = asking(edge_over(published), host)
    assert (reply.status, reply.body) == (200, text(ACME, "/", 1))
    assert reply.headers["content-type"] == HTML
    assert reply.headers["content-length"] == str(len(reply.body))


@pytest.mark.parametrize("path", ["/", "/history", "/history/", "/api/v2/status.json"])
def test_two_pages_do_not_meet(published: Store, path: str) -> None:
    edge = edge_over(published)
    for host, page_id in ((ACME_HOST, ACME), (GLOBEX_HOST, GLOBEX), (ACME_HOST, ACME)):
        reply = asking(edge, host, path)
        assert reply.body == text(page_id, path.rstrip("/") or "/", 1)
        assert reply.headers["surrogate-key"] == reply.headers["cache-tag"] == f"page-{page_id}"
    assert asking(edge, GLOBEX_HOST, "/assets/0123.css").status == 404


@pytest.mark.parametrize(
    "host", ["", "nobody.test", "acme", "localhost", DRAFT_HOST, "[::1]:80", "a" * 300, "ä"]
)
def test_an_unknown_or_unpublished_host_is_a_plain_404(published: Store, host: str) -> None:
    for app in (edge_over(published), edge_over(published, teapot)):
        reply = asking(app, host)
        assert reply.status == 404
        assert b"no status page at this address" in reply.body


def test_the_edges_own_pages_keep_their_own_policy(published: Store) -> None:
    reply = asking(edge_over(published), "nobody.test")
    style = re.search(rb"<style>(.*?)</style>", reply.body, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("GZIP ; q=0.5", "gzip"),
        ("identity", None),
        ("", None),
        ("compress", None),
        ("gzip;q=0", None),
        ("gzip;q=0.9, br;q=0.8", "gzip"),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=zero", None),
        ("gzip;q=nan", None),
    ],
)
def test_each_encoding_is_served_ready_made_with_its_own_etag(
    published: Store, accept: str, encoding: str | None
) -> None:
    edge = edge_over(published)
    plain, reply = asking(edge, ACME_HOST), asking(edge, ACME_HOST, accept_encoding=accept)
    assert reply.headers.get("content-encoding") == encoding
    assert DECODERS[encoding](reply.body) == text(ACME, "/", 1)
    assert (reply.headers["etag"] == plain.headers["etag"]) == (encoding is None)
    assert not reply.headers["etag"].startswith("W/")
    assert reply.headers["vary"] == "Accept-Encoding"


def test_the_smallest_encoding_wins_among_equals(published: Store) -> None:
    edge = edge_over(published)
    sizes = {name: len(asking(edge, ACME_HOST, accept_encoding=name).body) for name in ("gzip", "br", "zstd")}
    every = asking(edge, ACME_HOST, accept_encoding="gzip, deflate, br, zstd")
    assert len(every.body) == min(sizes.values()) < len(text(ACME, "/", 1))


def test_what_compressing_does_not_shrink_is_served_plain(published: Store) -> None:
    reply = asking(edge_over(published), ACME_HOST, "/tiny", accept_encoding="br, gzip, zstd")
    assert (reply.body, reply.headers.get("content-encoding")) == (b"ok", None)


@given(st.text(st.characters(max_codepoint=255), max_size=60))
def test_no_accept_encoding_breaks_the_choice(header: str) -> None:
    assert choose(header.encode("latin-1"), ("br", "zstd", "gzip", "identity")) in DECODERS.keys() | {
        "identity"
    }


@pytest.mark.parametrize("accept", ["", "gzip", "br"])
def test_an_unchanged_document_is_a_304(published: Store, accept: str) -> None:
    edge = edge_over(published)
    full = asking(edge, ACME_HOST, accept_encoding=accept)
    etag = full.headers["etag"]
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        reply = asking(edge, ACME_HOST, accept_encoding=accept, if_none_match=header)
        assert (reply.status, reply.body) == (304, b"")
        assert "content-length" not in reply.headers
        assert reply.headers.items() <= full.headers.items()
        assert {"etag", "cache-control", "vary"} <= reply.headers.keys()
    assert asking(edge, ACME_HOST, accept_encoding="zstd", if_none_match=etag).status == 200
    assert asking(edge, ACME_HOST, "/history", accept_encoding=accept, if_none_match=etag).status == 200


def test_a_validator_must_match_wholly() -> None:
    assert matches(b' "a-br" ', b'"a-br"')
    assert not matches(b'"a"', b'"a-br"')
    assert not matches(b'"a-br', b'"a-br"')
    assert not matches(b"", b'"a-br"')


def test_head_is_get_without_the_body(published: Store) -> None:
    edge = edge_over(published)
    for path in ("/", "/404", "/nothing"):
        get = asking(edge, ACME_HOST, path, accept_encoding="gzip")
        head = asking(edge, ACME_HOST, path, "HEAD", accept_encoding="gzip")
        assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
def test_other_methods_are_refused(published: Store, method: str) -> None:
    for app in (edge_over(published), edge_over(published, teapot)):
        reply = asking(app, ACME_HOST, "/", method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


def test_oversized_requests_are_refused(published: Store) -> None:
    edge = edge_over(published, teapot)
    assert asking(edge, ACME_HOST, "/" + "a" * 3000).status == 414
    assert asking(edge, ACME_HOST, "/", query=b"a" * 3000).status == 414
    assert asking(edge, ACME_HOST, "/", cookie="a" * 20_000).status == 431
    assert asking(edge, ACME_HOST, "/", **{f"x_{number}": "a" for number in range(120)}).status == 431
    assert asking(edge, ACME_HOST, "/", query=b"a" * 1000, cookie="a" * 8000).status == 200


def test_caches_are_told_how_long(published: Store) -> None:
    edge = edge_over(published)
    page = "public, max-age=10, s-maxage=30, stale-while-revalidate=86400, stale-if-error=604800"
    assert asking(edge, ACME_HOST).headers["cache-control"] == page
    asset = asking(edge, ACME_HOST, "/assets/0123.css").headers["cache-control"]
    assert asset == "public, max-age=31536000, immutable"
    for path in ("/nothing", "/assets/gone.css"):
        assert asking(edge, ACME_HOST, path).headers["cache-control"] == "public, max-age=10"


def test_every_document_is_guarded(published: Store) -> None:
    for path in ("/", "/nothing", "/api/v2/status.json"):
        headers = asking(edge_over(published), ACME_HOST, path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


FRESH = "public, max-age=10, s-maxage=30, stale-while-revalidate=86400, stale-if-error=604800"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def test_a_page_has_these_headers_and_no_others(published: Store) -> None:
    reply = asking(edge_over(published), ACME_HOST, accept_encoding="gzip")
    assert reply.headers == {
        "etag": f'"{hashlib.sha256(text(ACME, "/", 1)).hexdigest()[:32]}-gz"',
        "cache-control": FRESH,
        "vary": "Accept-Encoding",
        "surrogate-key": f"page-{ACME}",
        "cache-tag": f"page-{ACME}",
        "content-type": HTML,
        "content-length": str(len(reply.body)),
        "content-encoding": "gzip",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "strict-origin-when-cross-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "cross-origin",
    }


def test_only_the_api_is_open_to_other_origins(published: Store) -> None:
    edge = edge_over(published)
    assert asking(edge, ACME_HOST, "/api/v2/status.json").headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in asking(edge, ACME_HOST).headers


def test_an_unknown_path_is_the_pages_own_404(published: Store) -> None:
    edge = edge_over(published)
    for path in ("/nothing", "/history//", "/../etc/passwd", "/\x00", "/404"):
        reply = asking(edge, ACME_HOST, path)
        assert (reply.status, reply.body) == (404, MORE[1].body)
    unstyled = asking(edge, GLOBEX_HOST, "/nothing")
    assert (unstyled.status, unstyled.body.count(b"Page not found")) == (404, 2)


def test_a_404_is_never_a_304(published: Store) -> None:
    assert asking(edge_over(published), ACME_HOST, "/nothing", if_none_match="*").status == 404


SUBSCRIBERS = [
    "/subscriptions/new",
    "/api/v2/subscribers.json",
    "/api/v2/subscribers/1",
    "/api/v2/subscriptions/x",
]


@pytest.mark.parametrize("path", SUBSCRIBERS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_subscribers_are_for_the_fallback(published: Store, path: str, method: str) -> None:
    assert asking(edge_over(published, teapot), ACME_HOST, path, method).body == f"{method} {path}".encode()
    alone = asking(edge_over(published), ACME_HOST, path, method)
    assert (alone.status, alone.headers["retry-after"]) == (503, "60")
    assert ("json" in alone.headers["content-type"]) == path.startswith("/api/")


def test_a_page_that_the_store_lacks_is_for_the_fallback(store: Store) -> None:
    assert asking(edge_over(store, teapot), ACME_HOST, "/history").body == b"GET /history"


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_no_host_header_breaks_the_name(header: str) -> None:
    assert hostname(header.encode("latin-1")) == hostname(header.encode("latin-1")).lower()
