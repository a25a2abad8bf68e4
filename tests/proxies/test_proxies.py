"""nginx and Caddy, by the files of docs/examples: all arrives as the edge sent it, and nothing else."""

from __future__ import annotations

import gzip
import http.client
import ssl
from contextlib import ExitStack

import brotli
import pytest
import zstandard

from statuspage.supervisor.children import Child
from tests.clocks import Stopwatch, until
from tests.proxies.conftest import EXAMPLES, STREAMS_PER_ADDRESS, Proxy, Service, away
from tests.proxies.visitor import APP_HOST, OWN_HOST, PAGE_HOST

pytestmark = pytest.mark.process

FRESH = "public, max-age=10, s-maxage=30, stale-while-revalidate=86400, stale-if-error=604800"


def test_the_docs_lead_to_these_files() -> None:
    text = (EXAMPLES.parent / "operating.md").read_text()
    assert "(examples/nginx.conf)" in text
    assert "(examples/Caddyfile)" in text


def test_a_page_arrives_as_the_edge_sent_it(proxy: Proxy) -> None:
    answer = proxy.visitor.get(PAGE_HOST)

    assert answer.status == 200
    assert b"<title>" in answer.body
    assert answer.headers["cache-control"] == FRESH
    assert answer.headers["surrogate-key"].startswith("page-")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert proxy.visitor.get(PAGE_HOST, "/api/v2/status.json").json["page"]["name"] == "Acme"


UNPACK = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


@pytest.mark.parametrize("encoding", UNPACK)
def test_it_stays_compressed_as_it_was_published(proxy: Proxy, encoding: str) -> None:
    plain = proxy.visitor.get(PAGE_HOST)
    for _ in range(2):
        packed = proxy.visitor.get(PAGE_HOST, accept_encoding=encoding)
        assert packed.headers["content-encoding"] == encoding
        assert UNPACK[encoding](packed.body) == plain.body
    refused = proxy.visitor.get(PAGE_HOST, accept_encoding=f"{encoding};q=0, identity")
    assert "content-encoding" not in refused.headers
    assert refused.body == plain.body


def test_who_has_it_already_gets_304(proxy: Proxy) -> None:
    for encoding in ("identity", "br", "gzip"):
        etag = proxy.visitor.get(PAGE_HOST, accept_encoding=encoding).headers["etag"]
        assert not etag.startswith("W/")
        again = proxy.visitor.get(PAGE_HOST, accept_encoding=encoding, if_none_match=etag)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == etag
        other = proxy.visitor.get(PAGE_HOST, accept_encoding=encoding, if_none_match='"another"')
        assert other.status == 200


def test_markdown_at_the_same_address_is_kept_apart(proxy: Proxy) -> None:
    for _ in range(2):
        assert proxy.visitor.get(PAGE_HOST).headers["content-type"].startswith("text/html")
        asked = proxy.visitor.get(PAGE_HOST, accept="text/markdown, text/html")
        assert asked.headers["content-type"].startswith("text/markdown")
        assert asked.headers["cache-control"] == "private, no-store"


def test_a_change_is_seen_after_a_second(proxy: Proxy, service: Service) -> None:
    assert b"<title>" in proxy.visitor.get(PAGE_HOST).body
    for name in ("Changed", "Acme"):
        service.rename(name)
        until(lambda name=name: shown_name(proxy) == name, seconds=1.5)


def shown_name(proxy: Proxy) -> str:
    return str(proxy.visitor.get(PAGE_HOST, "/api/v2/status.json").json["page"]["name"])


def test_changes_stream_at_once(proxy: Proxy, service: Service) -> None:
    with proxy.visitor.following(PAGE_HOST, "127.0.0.8") as stream:
        assert stream.status == 200
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        watch = Stopwatch()
        first = stream.read1(4096)
        assert first
        assert watch.seconds < 2
        service.rename("Streamed")
        watch, said = Stopwatch(), b""
        while b"event: change" not in said:
            said += stream.read1(65_536)
        assert watch.seconds < 1
    service.rename("Acme")


def test_streams_are_counted_by_visitor_whatever_he_claims(proxy: Proxy) -> None:
    with ExitStack() as streams:
        for _ in range(STREAMS_PER_ADDRESS):
            # Those of other tests may not have ended yet.
            until(lambda: _follows(proxy, streams))
        with proxy.visitor.following(PAGE_HOST, x_forwarded_for="203.0.113.7") as refused:
            assert refused.status == 429
        with proxy.visitor.following(PAGE_HOST, "127.0.0.9") as other:
            assert other.status == 200


def _follows(proxy: Proxy, streams: ExitStack) -> bool:
    """Whether there was room for one more stream."""
    with ExitStack() as trying:
        status = trying.enter_context(proxy.visitor.following(PAGE_HOST, "127.0.0.1")).status
        if status == 200:
            streams.push(trying.pop_all())
        return status == 200


def test_subscribing_reaches_the_web_process(proxy: Proxy) -> None:
    form = proxy.visitor.get(PAGE_HOST, "/subscriptions/new")
    assert form.status == 200
    assert b"<form" in form.body
    assert "no-store" in form.headers["cache-control"]
    assert "x-cache" not in form.headers

    kind, path = "application/x-www-form-urlencoded", "/subscriptions/new-email"
    asked = [
        proxy.visitor.get(PAGE_HOST, path, "POST", b"email=a", origin=origin, content_type=kind)
        for origin in ("https://elsewhere.example", f"https://{PAGE_HOST}")
    ]
    # Refused by its origin; and for what it says.
    assert [one.status for one in asked] == [403, 422]


APP_PATHS = ("/accounts/login/", "/health", "/readyz", "/livez", "/o/acme/admin/", "/v1/")


def test_what_is_the_teams_is_not_at_page_hosts(proxy: Proxy) -> None:
    assert proxy.visitor.get(APP_HOST, "/accounts/login/").status == 200
    assert proxy.visitor.get(APP_HOST, "/livez").status == 200
    hidden = [proxy.visitor.get(PAGE_HOST, path) for path in APP_PATHS]
    assert {one.status for one in hidden} == {404}
    for path in (
        "/subscriptions/../accounts/login/",
        "/subscriptions/%2e%2e/accounts/login/",
        "//accounts/login/",
    ):
        assert proxy.visitor.get(PAGE_HOST, path).status in {400, 404, 503}


def test_pages_are_not_at_app_hosts(proxy: Proxy) -> None:
    assert proxy.visitor.get(APP_HOST, "/history").status == 404
    assert proxy.visitor.get(APP_HOST, "/api/v2/status.json").status == 404


def test_links_and_cookies_are_those_of_https(proxy: Proxy) -> None:
    """The web process believes the proxy, not the visitor, about how it was asked."""
    answer = proxy.visitor.get(
        APP_HOST, "/accounts/login/", x_forwarded_proto="http", x_forwarded_host="evil.example"
    )
    assert answer.status == 200
    assert b"evil.example" not in answer.body


def test_a_host_of_nobody_gets_nothing(proxy: Proxy) -> None:
    with pytest.raises((ssl.SSLError, http.client.HTTPException, OSError)):
        proxy.visitor.get("status.elsewhere.example")
    unknown = proxy.visitor.get("nobody.status.example.com")
    assert unknown.status == 404
    assert b"Acme" not in unknown.body


def test_plain_http_leads_to_https(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=5)
    connection.request("GET", "/history", headers={"Host": PAGE_HOST})
    answer = connection.getresponse()
    connection.close()
    assert answer.status in {301, 308}
    assert str(answer.headers["Location"]).startswith(f"https://{PAGE_HOST}")


def test_tokens_in_paths_are_in_no_log(proxy: Proxy) -> None:
    proxy.visitor.get(PAGE_HOST, "/history")
    proxy.visitor.get(PAGE_HOST, "/subscriptions/manage/a-secret-token")
    logs = [log for log in proxy.folder.rglob("*.log") if log.is_file()]
    assert logs
    assert not [log for log in logs if "a-secret-token" in log.read_text(errors="replace")]


def test_without_an_edge_the_web_process_serves_pages(proxy: Proxy, processes: dict[str, Child]) -> None:
    with away(processes["edge"]):
        for _ in range(3):
            assert proxy.visitor.get(PAGE_HOST, "/history").status == 200
    assert proxy.visitor.get(PAGE_HOST).status == 200


def test_a_domain_of_their_own_gets_a_certificate_and_others_get_none(
    caddy: Proxy, processes: dict[str, Child]
) -> None:
    answer = caddy.visitor.get(OWN_HOST)
    assert answer.status == 200
    assert b"<title>" in answer.body
    for stranger in ("evil.example.org", f"x.{OWN_HOST}"):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            caddy.visitor.get(stranger)
